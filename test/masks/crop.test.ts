import { expect, it } from 'vitest';
import { cropMask, pasteMask } from '../../src/masks/crop.ts';
import { drawn, picture } from './grids.ts';

it('cuts a box out, both corners inclusive, and copies', () => {
  const mask = drawn('#...', '.##.', '..##');
  const cut = cropMask(mask, [1, 1, 3, 2]);
  expect(picture(cut)).toEqual(['##.', '.##']);
  cut.data.fill(0);
  expect(picture(mask)).toEqual(['#...', '.##.', '..##']);
});

it('pastes a part back where it was cut', () => {
  const part = cropMask(drawn('#...', '.##.', '..##'), [1, 1, 3, 2]);
  expect(picture(pasteMask(part, { x0: 1, y0: 1 }, { height: 3, width: 4 }))).toEqual([
    '....',
    '.##.',
    '..##',
  ]);
});
