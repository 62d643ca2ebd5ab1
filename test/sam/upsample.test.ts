import { expect, test } from 'vitest';
import { createRng } from '../../src/base/rng.ts';
import { resizeMaps } from '../../src/imaging/resample.ts';
import { upsampleMask } from '../../src/sam/upsample.ts';

test.each([
  ['everywhere', 0],
  ['in few places', -1.2],
])('equals enlarging, cutting and resizing one after the other, positive %s', (_, offset) => {
  const rng = createRng(3);
  const [side, imageSize] = [8, 32];
  for (const original of [
    { height: 50, width: 30 },
    { height: 9, width: 64 },
    { height: 32, width: 32 },
  ]) {
    const scale = imageSize / Math.max(original.height, original.width);
    const resized = {
      height: Math.floor(original.height * scale + 0.5),
      width: Math.floor(original.width * scale + 0.5),
    };
    const logits = Float32Array.from({ length: side * side }, () => rng.normal() + offset);
    const square = { height: imageSize, width: imageSize };
    const large = resizeMaps(logits, 1, { height: side, width: side }, square);
    const cut = new Float32Array(resized.height * resized.width);
    for (let y = 0; y < resized.height; y++) {
      cut.set(large.subarray(y * imageSize, y * imageSize + resized.width), y * resized.width);
    }
    const expected = resizeMaps(cut, 1, resized, original).map((logit) => (logit > 0 ? 1 : 0));
    const mask = upsampleMask(logits, side, imageSize, resized, original);
    const equal = mask.data.filter((value, i) => value === expected[i]).length;
    expect(mask).toMatchObject(original);
    // Rounding may decide otherwise where a logit is 0 but for the last digit.
    expect(equal).toBeGreaterThanOrEqual(expected.length - 1);
    expect(mask.data.includes(0) && mask.data.includes(1)).toBe(true);
  }
});

test('no positive logit gives an empty mask', () => {
  const size = { height: 20, width: 30 };
  const mask = upsampleMask(new Float32Array(64).fill(-1), 8, 32, { height: 21, width: 32 }, size);
  expect(mask).toEqual({ ...size, data: new Uint8Array(600) });
});
