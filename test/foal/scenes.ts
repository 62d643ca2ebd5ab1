/** @file Instance images that a Foal of a few thousand weights can learn: bright triangles and bars on dark noise. */
import type { Rng } from '../../src/base/rng.ts';
import type { InstanceImage, InstanceSource } from '../../src/dataset/instances/types.ts';
import { emptyMask, type Mask } from '../../src/masks/mask.ts';

/** A right triangle: the ellipse in its box is a poor guess. */
function triangle(size: { height: number; width: number }, x: number, y: number, side: number): Mask {
  const mask = emptyMask(size);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column <= row; column++) mask.data[(y + row) * size.width + x + column] = 1;
  }
  return mask;
}

export function drawScene(rng: Rng, height = 64, width = 64): InstanceImage {
  const size = { height, width };
  const objects = [0, 1].map((half) => {
    const side = 16 + rng.below(12);
    const x = half * (width / 2) + rng.below(width / 2 - side);
    return triangle(size, x, rng.below(height - side), side);
  });
  const data = Uint8Array.from({ length: height * width }, (_, i) => {
    const isBright = objects.some((mask) => mask.data[i] === 1);
    return (isBright ? 190 : 50) + rng.below(30);
  });
  return { image: { ...size, bits: 8, data }, objects };
}

export const triangles: InstanceSource = {
  name: 'triangles',
  sample: async (rng) => drawScene(rng),
};
