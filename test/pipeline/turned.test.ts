import { expect, it } from 'vitest';
import type { Structure } from '../../src/annotations/types.ts';
import type { Case } from '../../src/dataset/types.ts';
import { encodeRle } from '../../src/masks/rle.ts';
import { asFiled, turned } from '../../src/pipeline/turned.ts';

const size = { height: 1, width: 10 };
const structure = (x: number, prompt: object): Structure => ({
  classIndex: 0,
  rle: encodeRle({ ...size, data: Uint8Array.from({ length: 10 }, (_, i) => (i === x ? 1 : 0)) }),
  provenance: { refiner: 'sam', prompt },
});
const case_: Case = { id: 'a', name: 'a.png', imagePath: 'a.png', split: 'test', size };
const onTheLeft = structure(1, {
  box: [0, 0, 2, 0],
  positive: [1, 0],
  negatives: [[4, 0]],
  seedInside: true,
});
const onTheRight = structure(8, {
  box: [7, 0, 9, 0],
  positive: [8, 0],
  negatives: [[5, 0]],
  seedInside: true,
});

it('prompts in a provenance are turned with their masks, and back', () => {
  const item: Case = { ...case_, view: { mirrored: true } };
  expect(turned([onTheLeft], item)).toEqual([onTheRight]);
  expect(turned([onTheRight], item)).toEqual([onTheLeft]);
  expect(turned([onTheLeft], case_)).toEqual([onTheLeft]);
});

it('a case in the frame of its file keeps the rest of its view', () => {
  const { provenance: _, ...bare } = onTheLeft;
  const { provenance: __, ...other } = onTheRight;
  const item: Case = { ...case_, view: { mirrored: true, frame: 3 }, structures: [bare] };
  expect(asFiled(item)).toEqual({ ...case_, view: { frame: 3 }, structures: [other] });
});
