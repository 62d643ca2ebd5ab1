/** @file Random annotations for the tests of formats, and what of them a format promises to give back. */
import { join } from 'node:path';
import fc from 'fast-check';
import { findImagesIn } from '../../src/annotations/image-finder.ts';
import type {
  AnnotatedImage,
  AnnotationSet,
  FormatTraits,
  Structure,
  WritableFormat,
} from '../../src/annotations/types.ts';
import { withoutEnding } from '../../src/imaging/file-names.ts';
import { writeGreyPng } from '../../src/imaging/write.ts';
import { encodeRle, rleToString } from '../../src/masks/rle.ts';

export const CLASSES = ['Os lunatum', 'a/b & "c" <d>', '21', 'Größe'];

/** Random masks with notes; without overlaps every pixel belongs to one class at most. */
export function annotatedImage(fileName: string, overlaps: boolean): fc.Arbitrary<AnnotatedImage> {
  return fc
    .record({ height: fc.integer({ min: 1, max: 9 }), width: fc.integer({ min: 1, max: 9 }) })
    .chain(({ height, width }) => {
      const count = height * width;
      const values = fc.array(fc.nat({ max: 2 ** CLASSES.length - 1 }), {
        minLength: count,
        maxLength: count,
      });
      return fc.record({ values, score: fc.integer({ min: 0, max: 100 }) }).map(({ values, score }) => {
        const structures = CLASSES.flatMap((_, classIndex): Structure[] => {
          const has = (value: number): boolean =>
            overlaps ? ((value >> classIndex) & 1) === 1 : value === classIndex + 1;
          const data = Uint8Array.from(values, (value) => (has(value) ? 1 : 0));
          if (!data.includes(1)) return [];
          const rle = encodeRle({ height, width, data });
          if (score < 20) return [{ classIndex, rle }];
          const provenance = {
            refiner: 'sam',
            passes: [{ box: [0, 0, 3, 4], predictedIou: 0.5 }],
            note: null,
          };
          return [{ classIndex, rle, score: score / 100, trust: score / 200, provenance }];
        });
        return { fileName, height, width, structures };
      });
    });
}

export function annotationSet(overlaps: boolean): fc.Arbitrary<AnnotationSet> {
  return fc
    .tuple(...['a 1.png', 'b.c.jpg', 'ü.png'].map((name) => annotatedImage(name, overlaps)))
    .map((images) => ({ classes: CLASSES, images }));
}

/** A set as far as a format promises to keep it, in a form that can be compared. */
export function keptBy(holds: FormatTraits, set: AnnotationSet): unknown {
  return {
    ...(holds.classList && { classes: set.classes }),
    images: set.images.map(({ fileName, width, height, structures }) => ({
      // nnU-Net counts the channels of an image in the names of its files.
      name: holds.fileEndings ? fileName : withoutEnding(fileName).replace(/_0000$/, ''),
      width,
      height,
      masks: structures
        .map((structure) => ({
          name: set.classes[structure.classIndex],
          runs: rleToString(structure.rle),
          notes: Object.fromEntries(
            holds.notes.flatMap((note) =>
              structure[note] === undefined ? [] : [[note, structure[note]] as const],
            ),
          ),
        }))
        .sort((a, b) => (a.name! < b.name! ? -1 : 1)),
    })),
  };
}

/** Writes a set, with black images of its sizes in `images` for formats that want them. */
export async function writeSet(
  format: WritableFormat,
  path: string,
  set: AnnotationSet,
  images: string,
): Promise<void> {
  for (const { fileName, height, width } of format.needsImages ? set.images : []) {
    const data = new Uint8Array(height * width);
    await writeGreyPng(join(images, `${withoutEnding(fileName)}.png`), { height, width, bits: 8, data });
  }
  await format.write(path, set, format.needsImages && (await findImagesIn(images)));
}

/** One image of 2 x 2 px with the pixel at (1, 0) in each of the classes named. */
export function onePixelSet(classes: readonly string[], shown: readonly string[]): AnnotationSet {
  const rle = encodeRle({ height: 2, width: 2, data: Uint8Array.of(0, 1, 0, 0) });
  const structures = shown.map((name) => ({ classIndex: classes.indexOf(name), rle }));
  return { classes, images: [{ fileName: 'i.png', width: 2, height: 2, structures }] };
}
