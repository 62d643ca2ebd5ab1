/** What every format must keep. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readableFormats, writableFormat, writableFormats } from '../../src/annotations/formats.ts';
import { readAnnotations, recogniseFormat } from '../../src/annotations/read.ts';
import type { AnnotationSet, ReadableFormat, WritableFormat } from '../../src/annotations/types.ts';
import { AnnotationError } from '../../src/base/errors.ts';
import { useFolder } from '../pipeline/folder.ts';
import { annotationSet, keptBy, onePixelSet, writeSet } from './sets.ts';

const inFolder = useFolder();
let count = 0;
const newPath = ({ place }: { place: string }): string =>
  inFolder(`set-${++count}${place === 'folder' ? '' : place}`);

const both = writableFormats.filter((format): format is WritableFormat & ReadableFormat =>
  readableFormats.some(({ id }) => id === format.id),
);

describe.each(both)('$name', (format) => {
  const { holds } = format;
  const write = (path: string, set: AnnotationSet): Promise<void> =>
    writeSet(format, path, set, `${path}-images`);

  it('gives back what was written, bit by bit', async () => {
    await fc.assert(
      fc.asyncProperty(annotationSet(holds.overlaps), async (set) => {
        const path = newPath(format);
        await write(path, set);
        expect(keptBy(holds, await readAnnotations(path))).toEqual(keptBy(holds, set));
      }),
      { numRuns: 15 },
    );
  });

  it('keeps images without structures', async () => {
    const image = { fileName: 'empty.png', width: 7, height: 5, structures: [] };
    const set = { classes: ['x', 'y'], images: [image] };
    const path = newPath(format);
    await write(path, set);
    expect(keptBy(holds, await format.read(path))).toEqual(keptBy(holds, set));
  });

  it('is recognised', async () => {
    const path = newPath(format);
    await write(path, onePixelSet(['x'], ['x']));
    expect((await recogniseFormat(path)).id).toBe(format.id);
  });

  it('reads into the class list that is asked for', async () => {
    const path = newPath(format);
    await write(path, onePixelSet(['Radius'], ['Radius']));
    const set = await format.read(path, { classes: ['Ulna', 'Radius'] });
    expect(set.classes).toEqual(['Ulna', 'Radius']);
    expect(set.images[0]!.structures[0]!.classIndex).toBe(1);
    await expect(format.read(path, { classes: ['Ulna', 'Radus'] })).rejects.toThrow(/Did you mean "Radus"/);
    await expect(format.read(path, { classes: ['Ulna', 'Ulna'] })).rejects.toThrow(AnnotationError);
    await expect(format.read(path, { classes: [] })).rejects.toThrow(AnnotationError);
  });
});

describe.each(readableFormats)('$name', (format) => {
  it('refuses a path that does not exist', async () => {
    const path = newPath({ place: '.json' });
    expect(await format.matches(path)).toBe(false);
    await expect(format.read(path)).rejects.toThrow(AnnotationError);
  });
});

it('readAnnotations names the formats when none fits', async () => {
  await expect(readAnnotations(newPath({ place: '.json' }))).rejects.toThrow(/COCO JSON, CVAT 1\.1 XML/);
});

it('an unknown format is named with the nearest', () => {
  expect(() => writableFormat('cooc')).toThrow(/Did you mean coco/);
  expect(writableFormat('cvat').place).toBe('.xml');
});
