/** What is lost is said, or refused, before anything is written. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitToFormat } from '../../src/annotations/fit.ts';
import { writableFormat, writableFormats } from '../../src/annotations/formats.ts';
import { findOverlaps, intoLayers } from '../../src/annotations/layers.ts';
import { readAnnotations } from '../../src/annotations/read.ts';
import type { AnnotationSet } from '../../src/annotations/types.ts';
import { planWriting, writePlanned } from '../../src/annotations/write.ts';
import { AnnotationError } from '../../src/base/errors.ts';
import { encodeRle, rleToString } from '../../src/masks/rle.ts';
import { useFolder } from '../pipeline/folder.ts';
import { annotationSet, CLASSES, onePixelSet } from './sets.ts';

const inFolder = useFolder();
const twoOverlapping = onePixelSet(['Radius', 'Ulna', 'Os lunatum'], ['Radius', 'Ulna']);

const structuresOf = (set: AnnotationSet): string[] =>
  set.images.flatMap((image) =>
    image.structures.map((one) => [image.fileName, set.classes[one.classIndex], rleToString(one.rle)].join()),
  );

describe('overlaps', () => {
  it('are found with their pixels and images', () => {
    const rle = encodeRle({ height: 2, width: 2, data: Uint8Array.of(1, 1, 1, 0) });
    const [image] = twoOverlapping.images;
    const more = { ...image!, structures: [...image!.structures, { classIndex: 2, rle }] };
    const other = { ...image!, fileName: 'j.png' };
    expect(findOverlaps({ ...twoOverlapping, images: [more, other] })).toEqual([
      { classes: [0, 1], pixels: 2, images: ['i.png', 'j.png'] },
      { classes: [0, 2], pixels: 1, images: ['i.png'] },
      { classes: [1, 2], pixels: 1, images: ['i.png'] },
    ]);
  });

  it.each(writableFormats.filter(({ holds }) => !holds.overlaps))(
    'are refused by $name before a file is written',
    async (format) => {
      const path = inFolder('out');
      await expect(planWriting(path, twoOverlapping, format, false)).rejects.toThrow(
        /Radius and Ulna share 1 px in i\.png\..*--layers/s,
      );
      expect(existsSync(path)).toBe(false);
    },
  );

  it('are divided into layers that hold all masks, and none that overlap', () => {
    fc.assert(
      fc.property(annotationSet(true), (set) => {
        const layers = intoLayers(set);
        expect(layers.flatMap(findOverlaps)).toEqual([]);
        expect(layers.flatMap((layer) => layer.classes).sort()).toEqual([...CLASSES].sort());
        expect(layers.flatMap(structuresOf).sort()).toEqual(structuresOf(set).sort());
        for (const layer of layers) expect(layer.images).toHaveLength(set.images.length);
      }),
    );
  });

  it('come back bit by bit from layers of label maps', async () => {
    const path = inFolder('layers');
    const plan = await planWriting(path, twoOverlapping, writableFormat('nifti'), true);
    await writePlanned(plan);
    expect(plan.parts.map((part) => part.path)).toEqual([
      inFolder('layers', 'layer-1'),
      inFolder('layers', 'layer-2'),
    ]);
    const [first, second] = await Promise.all(plan.parts.map((part) => readAnnotations(part.path)));
    expect([first!.classes, second!.classes]).toEqual([['Radius', 'Os lunatum'], ['Ulna']]);
    const pixels = twoOverlapping.images[0]!.structures[0]!.rle;
    for (const layer of [first!, second!])
      expect(layer.images[0]!.structures).toEqual([{ classIndex: 0, rle: pixels }]);
  });

  it('need no layers where there are none', async () => {
    const set = onePixelSet(['x'], ['x']);
    const { parts } = await planWriting(inFolder('out'), set, writableFormat('label-maps'), true);
    expect(parts).toEqual([{ path: inFolder('out'), set }]);
  });
});

describe('other losses', () => {
  it('of what is known about masks are told', () => {
    const set = onePixelSet(['x'], ['x']);
    const [image] = set.images;
    const judged = { ...image!, structures: [{ ...image!.structures[0]!, score: 0.5, trust: 0.25 }] };
    const losses = fitToFormat({ ...set, images: [judged] }, writableFormat('cvat'));
    expect(losses).toEqual([
      '1 masks have a score, which CVAT 1.1 XML has no place for.',
      '1 masks have a trust, which CVAT 1.1 XML has no place for.',
    ]);
    expect(fitToFormat({ ...set, images: [judged] }, writableFormat('coco'))).toEqual([]);
  });

  it('of one of two images whose names differ in the ending are refused', () => {
    const [image] = twoOverlapping.images;
    const set = {
      ...twoOverlapping,
      images: [
        { ...image!, structures: [] },
        { ...image!, fileName: 'i.jpg', structures: [] },
      ],
    };
    expect(() => fitToFormat(set, writableFormat('label-maps'))).toThrow(/i\.png and i\.jpg differ/);
    expect(fitToFormat(set, writableFormat('class-masks'))).toEqual([]);
  });

  it.each(['Radius ', 'two\nlines'])('of letters of the class %j are refused', (name) => {
    const set = onePixelSet([name], [name]);
    expect(() => fitToFormat(set, writableFormat('cvat'))).toThrow(AnnotationError);
    expect(fitToFormat(set, writableFormat('coco'))).toEqual([]);
  });

  it('of files that are there already are refused', async () => {
    const set = onePixelSet(['x'], ['x']);
    await writeFile(inFolder('old.json'), '{}');
    await expect(planWriting(inFolder('old.json'), set, writableFormat('coco'), false)).rejects.toThrow(
      /exists already/,
    );
    await mkdir(inFolder('full'));
    await writeFile(inFolder('full', 'a.txt'), '');
    await expect(planWriting(inFolder('full'), set, writableFormat('nifti'), false)).rejects.toThrow(
      /exists already/,
    );
    await mkdir(inFolder('empty'));
    await expect(planWriting(inFolder('empty'), set, writableFormat('nifti'), false)).resolves.toBeDefined();
  });
});
