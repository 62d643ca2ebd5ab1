/** Images that are told by paths: which folders are kept, and what becomes of them in every format. */
import { describe, expect, it } from 'vitest';
import { fitToFormat } from '../../src/annotations/fit.ts';
import { readableFormats, writableFormats } from '../../src/annotations/formats.ts';
import { imageNameOf, wholeName, withDistinctNames } from '../../src/annotations/image-names.ts';
import { readAnnotations } from '../../src/annotations/read.ts';
import type { AnnotatedImage, AnnotationSet, ReadableFormat } from '../../src/annotations/types.ts';
import { useFolder } from '../pipeline/folder.ts';
import { onePixelSet, writeSet } from './sets.ts';

const inFolder = useFolder();

describe('a path', () => {
  it.each([
    ['a.png', 'a.png', undefined],
    ['A/B/a.png', 'a.png', 'A/B/a.png'],
    ['A\\B\\a.png', 'a.png', 'A/B/a.png'],
    ['./A/./a.png', 'a.png', 'A/a.png'],
    ['./a.png', 'a.png', undefined],
    ['/A/a.png', 'a.png', undefined],
    ['../A/a.png', 'a.png', undefined],
    ['A/../../a.png', 'a.png', undefined],
    ['C:\\A\\a.png', 'a.png', undefined],
    ['s3://bucket/A/a.png', 'a.png', undefined],
  ])('%s is of %s and keeps %s', (written, fileName, path) => {
    expect(imageNameOf(written, 'x')).toEqual({ fileName, ...(path && { path }) });
  });

  it.each(['', 'A/', 'A/..', '.'])('"%s" names no file', (written) => {
    expect(() => imageNameOf(written, 'Image 1')).toThrow(/Image 1 has the file name/);
  });
});

const image = (name: string): AnnotatedImage => ({
  ...onePixelSet(['x'], ['x']).images[0]!,
  ...imageNameOf(name, 'x'),
});
const setOf = (...names: string[]): AnnotationSet => ({
  classes: ['x'],
  images: [...withDistinctNames('x', names.map(image))],
});

describe('several images', () => {
  const namesOf = (...names: string[]): string[] => setOf(...names).images.map(({ fileName }) => fileName);

  it('of one file name are told apart by their folders', () => {
    expect(namesOf('A/IM0', 'A/IM1', 'B/IM0')).toEqual(['A/IM0', 'IM1', 'B/IM0']);
    expect(namesOf('IM0', 'A/IM0')).toEqual(['IM0', 'A/IM0']);
  });

  it('may not be the same', () => {
    expect(() => namesOf('A/IM0', 'A/IM0')).toThrow(/lists the image A\/IM0 twice/);
    expect(() => namesOf('/A/IM0', '/B/IM0')).toThrow(/lists the image IM0 twice/);
  });
});

const both = writableFormats.filter((format): format is typeof format & ReadableFormat =>
  readableFormats.some(({ id }) => id === format.id),
);

describe.each(both)('$name', (format) => {
  const path = (name: string): string => inFolder(`${name}${format.place === 'folder' ? '' : format.place}`);
  const namesIn = async (set: AnnotationSet, name: string): Promise<string[]> => {
    await writeSet(format, path(name), set, inFolder(`${name}-images`));
    const { images } = await readAnnotations(path(name));
    return images.map(wholeName).sort();
  };

  // Images in several folders are none that nnU-Net's writer is given here.
  it.skipIf(format.needsImages)('keeps two images of one name in two folders', async () => {
    const keepsPaths = format.place !== 'folder' || format.id === 'labelme';
    const set = setOf('A/s.png', 'B.1/s.png');
    const ending = /label-maps|nifti/.test(format.id) ? /\.[a-z]+$/ : '';
    const names = (await namesIn(set, 'two')).map((name) => name.replace(ending, ''));
    const flat = ending === '' ? ['A-s.png', 'B.1-s.png'] : ['A-s', 'B.1-s'];
    expect(names).toEqual(keepsPaths ? ['A/s.png', 'B.1/s.png'] : flat);
  });

  it('says where folders become part of a name, and does not write two images into one file', () => {
    const said = fitToFormat(setOf('A/s.png', 'B/s.png'), format).join();
    if (format.place !== 'folder') return expect(said).not.toMatch(/folders/);
    expect(said).toMatch(/2 images are called with their folders: .* A-s\.png/);
    expect(() => fitToFormat(setOf('A/s.png', 's.png', 'A-s.png'), format)).toThrow(
      /A\/s\.png and A-s\.png would both be called A-s/,
    );
  });
});
