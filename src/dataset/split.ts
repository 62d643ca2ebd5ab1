/** @file Dividing one folder of images into splits, by list files or at random with a seed. */
import { basename } from 'node:path';
import type { Structure } from '../annotations/types.ts';
import { DatasetError } from '../base/errors.ts';
import type { Size } from '../base/geometry.ts';
import { MAX_TABLE_BYTES } from '../base/limits.ts';
import { readRegularFile } from '../base/regular-file.ts';
import { createRng } from '../base/rng.ts';
import { nearestName } from '../base/suggest.ts';
import { withoutEnding } from '../imaging/file-names.ts';
import type { DataConfig } from './config.ts';
import { imageFinder } from './image-names.ts';
import type { SourceImage } from './source-images.ts';
import { SPLIT_NAMES, type SplitName } from './types.ts';

/** A case before it has a split. */
export interface SourceCase {
  readonly image: SourceImage;
  /** What the annotation tells; absent where there is none. */
  readonly size?: Size;
  /** In the frame of the file. Absent where the annotation file does not name the image. */
  readonly structures?: readonly Structure[];
}

export type DividedCase = SourceCase & { readonly split: SplitName };

/**
 * Gives each case a split. Images without a structure are the unlabelled pool: annotation tools list images too
 * that nobody has looked at yet. With list files, an annotated image in no list is labelled if there is no list of
 * labelled images, else unlabelled; a listed image keeps its (empty) annotation.
 */
export async function divideCases(
  cases: readonly SourceCase[],
  lists: Readonly<Partial<Record<SplitName, string>>>,
  config: Pick<DataConfig, 'fractions' | 'seed'>,
): Promise<DividedCase[]> {
  const assigned =
    Object.keys(lists).length > 0 ? await readLists(cases, lists) : randomSplits(cases, config);
  const fallback: SplitName = lists.labelled === undefined ? 'labelled' : 'unlabelled';
  return cases.map(({ structures, ...item }) => {
    const annotated = structures !== undefined && structures.length > 0;
    const split = assigned.get(item.image.id) ?? (annotated ? fallback : 'unlabelled');
    return { ...item, split, ...(structures !== undefined && split !== 'unlabelled' && { structures }) };
  });
}

/** val and test by id; the same seed, fractions and file order give the same splits. */
function randomSplits(
  cases: readonly SourceCase[],
  { fractions, seed }: Pick<DataConfig, 'fractions' | 'seed'>,
): Map<string, SplitName> {
  const annotated = cases.filter(({ structures }) => structures !== undefined && structures.length > 0);
  const order = createRng(seed).child('split').shuffled(annotated);
  const val = Math.round(order.length * fractions.val);
  const test = Math.min(Math.round(order.length * fractions.test), Math.max(order.length - val - 1, 0));
  const assigned = new Map<string, SplitName>();
  for (const { image } of order.slice(0, val)) assigned.set(image.id, 'val');
  for (const { image } of order.slice(val, val + test)) assigned.set(image.id, 'test');
  return assigned;
}

async function readLists(
  cases: readonly SourceCase[],
  lists: Readonly<Partial<Record<SplitName, string>>>,
): Promise<Map<string, SplitName>> {
  const images = cases.map(({ image }) => image);
  const read: { split: SplitName; path: string; names: string[] }[] = [];
  for (const split of SPLIT_NAMES) {
    const path = lists[split];
    if (path !== undefined) read.push({ split, path, names: await readList(path) });
  }
  const find = imageFinder(
    images,
    read.flatMap(({ names }) => names),
  );
  const assigned = new Map<string, SplitName>();
  for (const { split, path, names } of read) {
    for (const name of names) {
      const id = find(name)?.id;
      if (id === undefined) throw unknownName(path, name, images);
      const other = assigned.get(id);
      if (other !== undefined && other !== split) {
        throw new DatasetError({
          seen: `${name} is in the lists of ${other} and ${split}`,
          need: 'An image belongs to one split',
          fix: `Remove it from one of the lists, such as ${path}`,
        });
      }
      assigned.set(id, split);
    }
  }
  return assigned;
}

/** File names or ids, one a line; empty lines and lines that start with # are skipped. */
async function readList(path: string): Promise<string[]> {
  const text = await readRegularFile(path, MAX_TABLE_BYTES).catch((cause: unknown) => {
    throw new DatasetError(
      {
        seen: `${path} cannot be read (${cause instanceof Error ? cause.message : String(cause)})`,
        need: 'List files may be read',
        fix: 'Check the rights of the file',
      },
      { cause },
    );
  });
  return text
    .toString()
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

function unknownName(path: string, name: string, images: readonly SourceImage[]): DatasetError {
  const known = images.flatMap(({ id, fileName }) => [id, withoutEnding(fileName), fileName]);
  const near = nearestName(basename(name), known);
  return new DatasetError({
    seen: `${path} lists ${name}, and there is no such image`,
    need: 'List files name images of the data set, one a line',
    fix: near === undefined ? 'Remove the line or add the image' : `Did you mean ${near}?`,
  });
}
