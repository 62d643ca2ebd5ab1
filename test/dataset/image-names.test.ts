import { describe, expect, it } from 'vitest';
import { imageFinder } from '../../src/dataset/image-names.ts';
import { missingImage } from '../../src/dataset/source-images.ts';

/** What each name finds among images of these relative paths. */
function found(files: readonly string[], ...names: string[]): (string | undefined)[] {
  const find = imageFinder(
    files.map((file) => missingImage('/data', file)),
    names,
  );
  return names.map((name) => find(name)?.fileName);
}

describe('an image is found', () => {
  it('by its relative path, with or without the ending, and with - for /', () => {
    const files = ['A/IM0.dcm', 'B/IM0.dcm', 'A/IM1.dcm'];
    expect(found(files, 'B/IM0.dcm', 'A/IM0', 'A-IM1')).toEqual(['B/IM0.dcm', 'A/IM0.dcm', 'A/IM1.dcm']);
    expect(found(files, 'B/IM0.jpg')).toEqual(['B/IM0.dcm']);
  });

  it('by a path with more folders, or with fewer', () => {
    expect(found(['A/IM0', 'B/IM0'], 'disc/B/IM0')).toEqual(['B/IM0']);
    expect(found(['disc/A/IM0', 'disc/B/IM0'], 'B/IM0')).toEqual(['disc/B/IM0']);
    expect(found(['A/IM0', 'B/IM1'], 'IM1', 'IM0')).toEqual(['B/IM1', 'A/IM0']);
    expect(found(['a.png', 'b.jpg'], 'images/a.png', 'images/b.png')).toEqual(['a.png', 'b.jpg']);
    expect(found(['a.png'], '/disk/images/a.png')).toEqual(['a.png']);
  });
});

describe('no image is found', () => {
  it('by the end of a path that several have', () => {
    expect(found(['A/IM0', 'B/IM0'], 'IM0')).toEqual([undefined]);
    expect(found(['a.png'], 'train/a.png', 'val/a.png')).toEqual([undefined, undefined]);
    expect(found(['IM0', 'B/IM0'], 'A/IM0')).toEqual([undefined]);
  });

  it('in another folder', () => {
    expect(found(['A/IM0'], 'B/IM0')).toEqual([undefined]);
    expect(found(['A/IM0'], 'A/IM0', 'B/IM0')).toEqual(['A/IM0', undefined]);
  });
});

it('of two images of one name without ending, the whole name tells which, else it is the first', () => {
  expect(found(['a.jpg', 'a.png'], 'a.png', 'a.jpg', 'a')).toEqual(['a.png', 'a.jpg', 'a.jpg']);
});
