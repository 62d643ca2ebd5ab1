/**
 * @file Our reading of CVAT files beside the reference's: area, box and CRC-32 of the merged mask of every class in
 * every image. All must be equal, and neither side may have a structure that the other lacks.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { cvat, readCvatAttributes } from '../../src/annotations/cvat.ts';
import type { AnnotationSet } from '../../src/annotations/types.ts';
import { decodeRle, rleArea, rleBox } from '../../src/masks/rle.ts';
import type { GoldenRow } from './row.ts';

interface ExpectedClass {
  readonly area: number;
  readonly bbox_xyxy: readonly number[];
  readonly crc32_rowmajor_u8: number;
}
interface ExpectedImage {
  readonly height: number;
  readonly width: number;
  readonly classes: Readonly<Record<string, ExpectedClass>>;
}
type Expected = Readonly<Record<string, Readonly<Record<string, ExpectedImage>>>>;

/** `dir` holds CVAT files and `expected.json`: file -> image -> class -> figures of its mask. */
export async function goldenCvat(dir: string): Promise<GoldenRow[]> {
  const expected = JSON.parse(await readFile(join(dir, 'expected.json'), 'utf8')) as Expected;
  const rows: GoldenRow[] = [];
  for (const [file, images] of Object.entries(expected)) {
    const path = join(dir, file);
    const known = new Set(Object.values(images).flatMap((image) => Object.keys(image.classes)));
    const set = await readWithClasses(path, known);
    const { checked, wrong } = compare(set, images);
    rows.push({
      quantity: `${file}: ${checked} masks, different, missing or extra`,
      seen: wrong.length === 0 ? 0 : `${wrong.length}: ${wrong.slice(0, 3).join('; ')}`,
      tolerance: 0,
      ok: wrong.length === 0 && checked > 0,
    });
  }
  return rows;
}

/** The classes are the labels, or else the values of the attribute that has the expected names. */
async function readWithClasses(path: string, expected: ReadonlySet<string>): Promise<AnnotationSet> {
  const byLabel = await cvat.read(path);
  if (byLabel.classes.some((name) => expected.has(name))) return byLabel;
  for (const classAttribute of await readCvatAttributes(path)) {
    const set = await cvat.read(path, { classAttribute });
    if (set.classes.some((name) => expected.has(name))) return set;
  }
  return byLabel;
}

function compare(
  set: AnnotationSet,
  expected: Readonly<Record<string, ExpectedImage>>,
): { checked: number; wrong: string[] } {
  const wrong: string[] = [];
  let checked = 0;
  const seenImages = new Set(set.images.map((image) => image.fileName));
  for (const name of Object.keys(expected)) if (!seenImages.has(name)) wrong.push(`${name} is missing`);
  for (const image of set.images) {
    const want = expected[image.fileName];
    if (want === undefined || want.width !== image.width || want.height !== image.height) {
      wrong.push(`${image.fileName} is ${want === undefined ? 'extra' : 'of another size'}`);
      continue;
    }
    const seen = new Set<string>();
    for (const structure of image.structures) {
      const name = set.classes[structure.classIndex]!;
      seen.add(name);
      checked++;
      const figures = want.classes[name];
      const same =
        figures !== undefined &&
        figures.area === rleArea(structure.rle) &&
        figures.bbox_xyxy.join() === rleBox(structure.rle)?.join() &&
        figures.crc32_rowmajor_u8 === crc32(decodeRle(structure.rle).data);
      if (!same)
        wrong.push(`${name} in ${image.fileName} is ${figures === undefined ? 'extra' : 'different'}`);
    }
    for (const name of Object.keys(want.classes)) {
      if (!seen.has(name)) wrong.push(`${name} in ${image.fileName} is missing`);
    }
  }
  return { checked, wrong };
}
