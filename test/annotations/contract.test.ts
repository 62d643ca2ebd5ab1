/** What every format that writes must keep. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { annotationFormats, readAnnotations } from '../../src/annotations/index.ts';
import type { AnnotatedImage, AnnotationSet, Structure } from '../../src/annotations/types.ts';
import { AnnotationError } from '../../src/base/errors.ts';
import { encodeRle } from '../../src/masks/rle.ts';

interface Traits {
  /** File name ending, empty for a folder. */
  readonly ending: string;
  readonly overlaps: boolean;
  readonly scores: boolean;
}

const TRAITS: Readonly<Record<string, Traits>> = {
  'COCO JSON': { ending: '.json', overlaps: true, scores: true },
  'CVAT 1.1 XML': { ending: '.xml', overlaps: true, scores: false },
  'a folder of per-class PNGs (<image>/<class>.png)': { ending: '', overlaps: true, scores: false },
  'a folder of label-map PNGs': { ending: '', overlaps: false, scores: false },
};

const CLASSES = ['Os lunatum', 'a/b & "c" <d>', '21', 'Größe'];

/** Random structures; without overlaps every pixel belongs to one class at most. */
function annotatedImage(fileName: string, overlaps: boolean, scores: boolean): fc.Arbitrary<AnnotatedImage> {
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
          if (!scores || score < 20) return [{ classIndex, rle }];
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

function annotationSet(overlaps: boolean, scores: boolean): fc.Arbitrary<AnnotationSet> {
  const image = (name: string) => annotatedImage(name, overlaps, scores);
  return fc
    .tuple(image('a 1.png'), image('b.c.png'), image('ü.png'))
    .map((images) => ({ classes: CLASSES, images }));
}

async function newPath(ending: string): Promise<string> {
  return join(await mkdtemp(join(tmpdir(), 'packmule-annotations-')), `set${ending}`);
}

const writers = annotationFormats.filter((format) => format.write !== undefined);

it('knows the traits of every format that writes', () => {
  expect(writers.map((format) => format.name).sort()).toEqual(Object.keys(TRAITS).sort());
});

describe.each(writers)('$name', (format) => {
  const { ending, overlaps, scores } = TRAITS[format.name]!;
  const write = format.write!;

  it('gives back what was written, bit by bit', async () => {
    await fc.assert(
      fc.asyncProperty(annotationSet(overlaps, scores), async (set) => {
        const path = await newPath(ending);
        await write(path, set);
        expect(await readAnnotations(path)).toEqual(set);
      }),
      { numRuns: 15 },
    );
  });

  it('keeps images without structures', async () => {
    const set = {
      classes: ['x', 'y'],
      images: [{ fileName: 'empty.png', width: 7, height: 5, structures: [] }],
    };
    const path = await newPath(ending);
    await write(path, set);
    expect(await format.read(path)).toEqual(set);
  });

  it('is recognised, and no other format takes it for its own', async () => {
    const path = await newPath(ending);
    const data = Uint8Array.of(0, 1, 0, 0);
    const structures = [{ classIndex: 0, rle: encodeRle({ height: 2, width: 2, data }) }];
    await write(path, { classes: ['x'], images: [{ fileName: 'i.png', width: 2, height: 2, structures }] });
    const takers = [];
    for (const other of annotationFormats) if (await other.matches(path)) takers.push(other.name);
    expect(takers).toEqual([format.name]);
  });

  it('reads into the class list that is asked for, and names the nearest class otherwise', async () => {
    const path = await newPath(ending);
    const data = Uint8Array.of(0, 1, 0, 0);
    const structures = [{ classIndex: 0, rle: encodeRle({ height: 2, width: 2, data }) }];
    await write(path, {
      classes: ['Radius'],
      images: [{ fileName: 'i.png', width: 2, height: 2, structures }],
    });
    if (format.name === 'a folder of label-map PNGs') {
      await expect(format.read(path, { classes: [] })).rejects.toThrow(AnnotationError);
      return;
    }
    const set = await format.read(path, { classes: ['Ulna', 'Radius'] });
    expect(set.classes).toEqual(['Ulna', 'Radius']);
    expect(set.images[0]!.structures[0]!.classIndex).toBe(1);
    await expect(format.read(path, { classes: ['Ulna', 'Radus'] })).rejects.toThrow(/Did you mean "Radus"/);
    await expect(format.read(path, { classes: ['Ulna', 'Ulna'] })).rejects.toThrow(AnnotationError);
  });
});

describe.each(annotationFormats)('$name', (format) => {
  it('refuses a path that does not exist', async () => {
    const path = await newPath('.json');
    expect(await format.matches(path)).toBe(false);
    await expect(format.read(path)).rejects.toThrow(AnnotationError);
  });
});

it('readAnnotations names the formats when none fits', async () => {
  await expect(readAnnotations(await newPath('.json'))).rejects.toThrow(/COCO JSON, CVAT 1\.1 XML/);
});
