/** @file The annotated images of a data set as instance images: every class mask is an object. */
import { decodeRle, rleArea } from '../../masks/rle.ts';
import type { Case } from '../types.ts';
import { readCase } from '../view.ts';
import type { InstanceImage } from './types.ts';

/** The cases that are annotated, one after another. @throws ImageError for unreadable files. */
export async function* instancesOfCases(cases: readonly Case[]): AsyncGenerator<InstanceImage> {
  for (const item of cases) {
    const { structures } = item;
    if (structures === undefined) continue;
    const objects = structures.filter(({ rle }) => rleArea(rle) > 0).map(({ rle }) => decodeRle(rle));
    yield { image: await readCase(item), objects };
  }
}
