import { describe, expect, it } from 'vitest';
import { type AnnotatedImage, type Atlas, learnAtlas } from '../../src/atlas/atlas.ts';
import { keptNames } from '../../src/atlas/trial.ts';
import { CLASSES, renamed, rowOf } from './row.ts';

const ALL = [0, 1, 2, 3, 4];
const learn = (images: readonly AnnotatedImage[]): Atlas => learnAtlas(images, CLASSES);
const FROM_BEHIND = [4, 3, 2, 1, 0];

describe('the trial of an atlas', () => {
  it('keeps the names of structures that lie among each other as in the other images', () => {
    const images = [rowOf(ALL), rowOf(ALL, [4, 2]), rowOf(ALL, [-3, 1])];
    expect(keptNames(images, CLASSES, learn)).toBeGreaterThan(0.98);
  });

  it('keeps them where some images show the structures from the other side, but not where one alone does', () => {
    const images = [
      rowOf(ALL),
      rowOf(ALL, [2, 0]),
      renamed(rowOf(ALL, [1, 0]), FROM_BEHIND),
      renamed(rowOf(ALL, [0, 2]), FROM_BEHIND),
    ];
    expect(keptNames(images, CLASSES, learn)).toBeGreaterThan(0.98);
    expect(keptNames(images.slice(0, 3), CLASSES, learn)).toBeLessThan(0.95);
  });

  it('loses those of structures that lie otherwise in each image', () => {
    const images = [
      rowOf(ALL),
      renamed(rowOf(ALL, [1, 0]), [2, 0, 4, 1, 3]),
      renamed(rowOf(ALL, [0, 2]), [1, 3, 0, 4, 2]),
    ];
    expect(keptNames(images, CLASSES, learn)).toBeLessThan(0.7);
  });

  it('judges an image by the others alone', () => {
    const images = [rowOf(ALL), rowOf(ALL, [2, 0]), renamed(rowOf(ALL, [1, 0]), FROM_BEHIND)];
    const asked: (readonly AnnotatedImage[])[] = [];
    keptNames(images, CLASSES, (others) => {
      asked.push(others);
      return learn(others);
    });
    expect(asked).toEqual([images.slice(1), [images[0], images[2]], images.slice(0, 2)]);
  });
});
