import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { emptyMask, type Mask } from '../../src/masks/mask.ts';
import { close, dilate, ELEMENTS, elementMask, erode, open } from '../../src/masks/morphology.ts';
import { anyMask, drawn, picture } from './grids.ts';

const anyElement = fc.constantFrom(...ELEMENTS);
const anyRadius = fc.integer({ min: 0, max: 8 });

/** By definition: 1 where the element, centred there, meets a pixel of `value`; outside the image is the other. */
function meets(mask: Mask, element: Mask, value: 0 | 1): Mask {
  const out = emptyMask(mask);
  const reach = (element.width - 1) / 2;
  for (let y = 0; y < mask.height; y++) {
    for (let x = 0; x < mask.width; x++) {
      for (let i = 0; i < element.data.length; i++) {
        if (element.data[i] === 0) continue;
        const u = x + (i % element.width) - reach;
        const v = y + Math.floor(i / element.width) - reach;
        if (u < 0 || v < 0 || u >= mask.width || v >= mask.height) continue;
        if (mask.data[v * mask.width + u] === value) out.data[y * mask.width + x] = 1;
      }
    }
  }
  return out;
}

const complement = (mask: Mask): Mask => ({ ...mask, data: mask.data.map((value) => 1 - value) });
const contains = (outer: Mask, inner: Mask): boolean =>
  inner.data.every((value, i) => value <= outer.data[i]!);

describe('structuring elements', () => {
  it('are those of scikit-image', () => {
    expect(picture(elementMask('square', 1))).toEqual(['###', '###', '###']);
    expect(picture(elementMask('diamond', 2))).toEqual(['..#..', '.###.', '#####', '.###.', '..#..']);
    expect(picture(elementMask('disk', 2))).toEqual(['..#..', '.###.', '#####', '.###.', '..#..']);
    expect(picture(elementMask('disk', 3))).toEqual([
      '...#...',
      '.#####.',
      '.#####.',
      '#######',
      '.#####.',
      '.#####.',
      '...#...',
    ]);
    expect(picture(elementMask('star', 1))).toEqual(['###', '###', '###']);
    expect(picture(elementMask('star', 2))).toEqual([
      '...#...',
      '.#####.',
      '.#####.',
      '#######',
      '.#####.',
      '.#####.',
      '...#...',
    ]);
    expect(picture(elementMask('star', 4))).toEqual([
      '......#......',
      '.....###.....',
      '..#########..',
      '..#########..',
      '..#########..',
      '.###########.',
      '#############',
      '.###########.',
      '..#########..',
      '..#########..',
      '..#########..',
      '.....###.....',
      '......#......',
    ]);
  });

  it.each(ELEMENTS)('%s of radius 0 is one pixel', (element) => {
    expect(picture(elementMask(element, 0))).toEqual(['#']);
  });

  it('refuses a radius that is not a whole number of pixels', () => {
    expect(() => dilate(drawn('#'), 'disk', 1.5)).toThrow(ConfigError);
    expect(() => erode(drawn('#'), 'disk', -1)).toThrow(ConfigError);
  });
});

describe('dilation and erosion', () => {
  it('grow and eat a hand-made mask', () => {
    const mask = drawn('......', '.##...', '.##...', '......');
    expect(picture(dilate(mask, 'diamond', 1))).toEqual(['.##...', '####..', '####..', '.##...']);
    expect(picture(erode(drawn('.....', '.###.', '.###.', '.###.', '.....'), 'diamond', 1))).toEqual([
      '.....',
      '.....',
      '..#..',
      '.....',
      '.....',
    ]);
  });

  it('do not let the border eat or grow a mask', () => {
    const full = drawn('###', '###');
    expect(picture(erode(full, 'square', 8))).toEqual(picture(full));
    expect(picture(dilate(drawn('...', '...'), 'square', 8))).toEqual(['...', '...']);
    expect(picture(erode(drawn('##.', '##.'), 'square', 1))).toEqual(['#..', '#..']);
  });

  it('equal their definition, all elements and radii', () => {
    fc.assert(
      fc.property(anyMask(), anyElement, anyRadius, (mask, element, radius) => {
        const shape = elementMask(element, radius);
        expect(picture(dilate(mask, element, radius))).toEqual(picture(meets(mask, shape, 1)));
        expect(picture(erode(mask, element, radius))).toEqual(picture(complement(meets(mask, shape, 0))));
      }),
    );
  });

  it('are dual, extensive and anti-extensive, and monotone', () => {
    fc.assert(
      fc.property(anyMask(), anyElement, anyRadius, fc.nat(), (mask, element, radius, hole) => {
        const grown = dilate(mask, element, radius);
        const eaten = erode(mask, element, radius);
        expect(picture(eaten)).toEqual(picture(complement(dilate(complement(mask), element, radius))));
        expect(contains(grown, mask)).toBe(true);
        expect(contains(mask, eaten)).toBe(true);
        const smaller: Mask = { ...mask, data: mask.data.slice() };
        smaller.data[hole % smaller.data.length] = 0;
        expect(contains(grown, dilate(smaller, element, radius))).toBe(true);
        expect(contains(eaten, erode(smaller, element, radius))).toBe(true);
      }),
    );
  });
});

describe('opening and closing', () => {
  it('remove a speck and fill a gap', () => {
    expect(picture(open(drawn('......', '.#.##.', '...##.', '......'), 'square', 1))).toEqual([
      '......',
      '......',
      '......',
      '......',
    ]);
    const parted = drawn('.........', '.........', '..##.##..', '..##.##..', '.........', '.........');
    expect(picture(close(parted, 'square', 1))).toEqual([
      '.........',
      '.........',
      '..#####..',
      '..#####..',
      '.........',
      '.........',
    ]);
  });

  it('are idempotent', () => {
    fc.assert(
      fc.property(anyMask(), anyElement, fc.integer({ min: 0, max: 3 }), (mask, element, radius) => {
        const opened = open(mask, element, radius);
        const closed = close(mask, element, radius);
        expect(picture(open(opened, element, radius))).toEqual(picture(opened));
        expect(picture(close(closed, element, radius))).toEqual(picture(closed));
        expect(contains(mask, opened)).toBe(true);
        expect(contains(closed, mask)).toBe(true);
      }),
    );
  });
});
