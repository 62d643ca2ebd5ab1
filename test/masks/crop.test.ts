import { expect, it } from 'vitest';
import { cropMask } from '../../src/masks/crop.ts';
import { drawn, picture } from './grids.ts';

it('cuts a box out, both corners inclusive, and copies', () => {
  const mask = drawn('#...', '.##.', '..##');
  const cut = cropMask(mask, [1, 1, 3, 2]);
  expect(picture(cut)).toEqual(['##.', '.##']);
  cut.data.fill(0);
  expect(picture(mask)).toEqual(['#...', '.##.', '..##']);
});
