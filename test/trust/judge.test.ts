import { describe, expect, it } from 'vitest';
import type { AnnotationSet } from '../../src/annotations/types.ts';
import { encodeRle } from '../../src/masks/rle.ts';
import { judgedMasks } from '../../src/trust/judge.ts';
import { drawn } from '../masks/grids.ts';

const structure = (classIndex: number, picture: string, trust?: number) => ({
  classIndex,
  rle: encodeRle(drawn(picture)),
  ...(trust !== undefined && { trust }),
});
const image = (fileName: string, ...structures: ReturnType<typeof structure>[]) => ({
  fileName,
  width: 4,
  height: 1,
  structures,
});
const set = (...images: ReturnType<typeof image>[]): AnnotationSet => ({ classes: ['a', 'b'], images });

describe('judgedMasks', () => {
  it('pairs trust with the Dice of the same class in the same image, 0 for an invented structure', () => {
    const truth = set(image('1.png', structure(0, '##..')), image('2.png', structure(1, '####')));
    const refined = set(
      image('2.png', structure(1, '####', 0.9), structure(0, '##..', 0.3)),
      image('1.png', structure(0, '.##.', 0.6), structure(1, '#...')),
      image('3.png', structure(0, '####', 0.7)),
    );
    expect(judgedMasks(truth, refined)).toEqual([
      { trust: 0.9, dice: 1 },
      { trust: 0.3, dice: 0 },
      { trust: 0.6, dice: 0.5 },
    ]);
  });
});
