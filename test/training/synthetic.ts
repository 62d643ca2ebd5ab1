/** A tiny learnable task: a bright square (class 0) and a dark disk (class 1) on grey. */
import { createRng } from '../../src/base/rng.ts';
import type { Image } from '../../src/imaging/image.ts';
import { emptyMask } from '../../src/masks/mask.ts';
import { encodeRle } from '../../src/masks/rle.ts';
import { headChannels } from '../../src/training/objective.ts';
import type { ResolvedTraining } from '../../src/training/resolved.ts';
import type { Head, NetworkPlan, TrainingSample } from '../../src/training/types.ts';

export const CLASSES = ['square', 'disk'];

export function syntheticSamples(count: number, seed: number, size = 48): TrainingSample[] {
  const rng = createRng(seed);
  return Array.from({ length: count }, (_, i) => {
    const data = Uint8Array.from({ length: size * size }, () => 110 + rng.below(20));
    const [square, disk] = [
      emptyMask({ height: size, width: size }),
      emptyMask({ height: size, width: size }),
    ];
    const [sx, sy] = [4 + rng.below(8), 6 + rng.below(20)];
    const [dx, dy] = [32 + rng.below(6), 16 + rng.below(18)];
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const at = y * size + x;
        if (x >= sx && x < sx + 14 && y >= sy && y < sy + 14) square.data[at] = 1;
        if ((x - dx) ** 2 + (y - dy) ** 2 <= 49) disk.data[at] = 1;
        if (square.data[at]) data[at] = 220;
        else if (disk.data[at]) data[at] = 30;
      }
    }
    const image: Image = { height: size, width: size, bits: 8, data };
    return {
      id: `synthetic_${i}`,
      size: { height: size, width: size },
      structures: [square, disk].map((mask, classIndex) => ({ classIndex, rle: encodeRle(mask) })),
      read: async () => image,
    };
  });
}

export function syntheticPlan(head: Head, side = 32): NetworkPlan {
  return {
    architecture: {
      inputChannels: 1,
      outputChannels: headChannels(head, CLASSES.length),
      base: 8,
      levels: 3,
      coordinates: true,
    },
    head,
    inputSize: { height: side, width: side },
    intensity: { mean: 0.45, deviation: 0.2 },
    classes: CLASSES,
  };
}

export const SETTINGS: ResolvedTraining = {
  epochs: 8,
  samplesPerEpoch: 16,
  batch: 4,
  learningRate: 1e-2,
  schedule: 'one-cycle',
  weightDecay: 0.01,
  loss: 'entropy+dice',
  averageDecay: 0.8,
  augmentation: {
    affine: { kind: 'uniform', rotation: 0.1, scale: 0.1, aspect: 0.05, shear: 0.05, shift: 0.05 },
    elastic: 0.01,
    gamma: 0.2,
    contrast: 0.1,
    brightness: 0.05,
    blur: 0.5,
    noise: 0.02,
  },
  validateEvery: 4,
};
