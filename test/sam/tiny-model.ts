/** @file A SAM of a few thousand random weights, for tests. */
import { createRng } from '../../src/base/rng.ts';
import type { Image } from '../../src/imaging/image.ts';
import { initializeWeights } from '../../src/nn/parameters.ts';
import { type SamCheckpoint, samParameters } from '../../src/sam/checkpoint.ts';
import type { SamConfig } from '../../src/sam/config.ts';

/** 64 px input, 4 x 4 places, windows of 3 (padded to 6 x 6) but in the last block. */
export const tinyConfig: SamConfig = {
  imageSize: 64,
  gridSize: 4,
  encoder: {
    kind: 'vit',
    patchSize: 16,
    width: 24,
    heads: 2,
    mlpWidth: 48,
    windows: [3, 0],
    relativePositions: true,
    layerNormEpsilon: 1e-6,
  },
  width: 16,
  maskChannels: [4, 8],
  transformer: { width: 16, depth: 2, heads: 8, mlpWidth: 32, crossWidth: 8 },
  maskTokens: 4,
  iouHead: { depth: 3, width: 16 },
  highQuality: false,
};

/** The same with products large enough for 8 bits. */
export const widerConfig: SamConfig = {
  ...tinyConfig,
  encoder: { ...tinyConfig.encoder, width: 64, mlpWidth: 256 } as SamConfig['encoder'],
  width: 64,
  transformer: { ...tinyConfig.transformer, width: 64 },
};

export function tinyCheckpoint(seed = 1, config = tinyConfig): SamCheckpoint {
  const weights = initializeWeights(samParameters(config), createRng(seed));
  return { name: 'sam-vit-24x2', config, weights };
}

/** Noise with a bright square. */
export function tinyImage(height = 90, width = 60): Image {
  const rng = createRng(7);
  const data = Uint8Array.from({ length: height * width }, (_, i) => {
    const [y, x] = [Math.floor(i / width), i % width];
    const isSquare = y > 20 && y < 60 && x > 15 && x < 40;
    return rng.below(60) + (isSquare ? 180 : 20);
  });
  return { height, width, bits: 8, data };
}
