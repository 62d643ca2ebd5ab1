/** @file A network of close-ups that takes a px off every mask, with an unsure border. */
import { squaredDistanceInside, squaredDistanceTo } from '../../src/masks/distance.ts';
import { type Mask, maskArea } from '../../src/masks/mask.ts';
import type { CloseUpModel } from '../../src/refine/close-up-refiner.ts';

export function fakeCloseUp(): CloseUpModel {
  return {
    async redraw(_image, masks, signal) {
      return masks.map((mask) => {
        signal?.throwIfAborted();
        return maskArea(mask) === 0
          ? undefined
          : { x0: 0, y0: 0, height: mask.height, width: mask.width, data: probabilities(mask) };
      });
    },
    async close() {},
  };
}

function probabilities(mask: Mask): Float32Array {
  const inside = squaredDistanceInside(mask, true);
  const outside = squaredDistanceTo(mask);
  return Float32Array.from(inside, (depth, i) => {
    const signed = Math.sqrt(depth) - Math.sqrt(outside[i]!);
    return 1 / (1 + Math.exp(1.5 - signed));
  });
}
