import { describe, expect, it } from 'vitest';
import { learnAtlas } from '../../src/atlas/atlas.ts';
import { CLASSES, rowOf } from './row.ts';

const ALL = [0, 1, 2, 3, 4];
const MIRROR = [4, 3, 2, 1, 0];
const xs = (atlas: ReturnType<typeof learnAtlas>) => atlas.places.map((place) => place?.centre[0]);

describe('an atlas', () => {
  it('has the middle and the spread of each class, in parts of the root of the area', () => {
    const { places } = learnAtlas([rowOf(ALL)], CLASSES);
    const unit = Math.sqrt(20 * 60);
    expect(places[2]!.centre).toEqual([expect.closeTo((28 - 30) / unit), expect.closeTo(0)]);
    expect(places[2]!.spread).toEqual({
      xx: expect.closeTo(64 / 12 / unit ** 2),
      xy: expect.closeTo(0),
      yy: expect.closeTo(64 / 12 / unit ** 2),
    });
  });

  it('moves images upon each other, so that a class that only a shifted one shows has its place among the others', () => {
    const atlas = learnAtlas([rowOf([0, 1, 2, 3]), rowOf([1, 2, 3, 4], [4, 2])], CLASSES);
    const steps = xs(atlas)
      .slice(1)
      .map((x, i) => x! - xs(atlas)[i]!);
    for (const step of steps) expect(step).toBeCloseTo(9 / Math.sqrt(1200), 3);
  });

  it('sees images from the other side, and flips them', () => {
    const { size, structures } = rowOf(ALL);
    const behind = {
      size,
      structures: structures.map(({ classIndex, rle }) => ({ classIndex: MIRROR[classIndex]!, rle })),
    };
    const [plain, both] = [[rowOf(ALL)], [rowOf(ALL), behind, rowOf([1, 2])]].map((images) =>
      learnAtlas(images, CLASSES),
    );
    expect([plain!.turns, both!.turns]).toEqual([false, true]);
    xs(both!).forEach((x, k) => {
      expect(x! - xs(both!)[2]!).toBeCloseTo(xs(plain!)[k]! - xs(plain!)[2]!);
    });
    // Where classes have twins, the other side of one is the other one.
    expect(learnAtlas([rowOf(ALL), behind], CLASSES, MIRROR).turns).toBe(false);
  });

  it('counts each image flipped where classes have twins', () => {
    const once = learnAtlas([rowOf([0, 1])], CLASSES);
    expect(once.places.map((place) => place !== null)).toEqual([true, true, false, false, false]);
    const twice = learnAtlas([rowOf([0, 1])], CLASSES, MIRROR);
    expect(twice.places.map((place) => place !== null)).toEqual([true, true, false, true, true]);
    expect(xs(twice)[3]! - xs(twice)[4]!).toBeCloseTo(xs(twice)[0]! - xs(twice)[1]!);
  });
});
