/** @file The published sizes of Segment Anything, with random weights: time and memory do not depend on their values. */
import { createRng } from '../../src/base/rng.ts';
import { initializeWeights } from '../../src/nn/parameters.ts';
import { type SamCheckpoint, samParameters } from '../../src/sam/checkpoint.ts';
import { type SamConfig, samName } from '../../src/sam/config.ts';
import type { EncoderConfig } from '../../src/sam/encoder-config.ts';

/** Width, depth, heads and global blocks of the published encoders. */
const VIT = {
  b: { width: 768, depth: 12, heads: 12, global: [2, 5, 8, 11] },
  l: { width: 1024, depth: 24, heads: 16, global: [5, 11, 17, 23] },
  h: { width: 1280, depth: 32, heads: 16, global: [7, 15, 23, 31] },
} as const;

/** MobileSAM's TinyViT. */
const MOBILE: EncoderConfig = {
  kind: 'tiny-vit',
  stem: 32,
  convolutions: { width: 64, depth: 2, hidden: 256 },
  stages: [
    { width: 128, depth: 2, heads: 4, window: 7, mlpWidth: 512 },
    { width: 160, depth: 6, heads: 5, window: 14, mlpWidth: 640 },
    { width: 320, depth: 2, heads: 10, window: 7, mlpWidth: 1280 },
  ],
};

export const SAM_SIZES = ['b', 'l', 'h', 'mobile'] as const;
/** ViT-B, ViT-L, ViT-H, or MobileSAM. */
export type SamSize = (typeof SAM_SIZES)[number];

/** A model of a published size, for images of 1024 x 1024 px. */
export function randomSam(size: SamSize): SamCheckpoint {
  const config = samConfig(size);
  return { name: samName(config), config, weights: initializeWeights(samParameters(config), createRng(0)) };
}

/** What the checkpoint of a published size says of it. */
export function samConfig(size: SamSize): SamConfig {
  return {
    imageSize: 1024,
    gridSize: 64,
    encoder: size === 'mobile' ? MOBILE : vitEncoder(size),
    width: 256,
    maskChannels: [4, 16],
    transformer: { width: 256, depth: 2, heads: 8, mlpWidth: 2048, crossWidth: 128 },
    maskTokens: 4,
    iouHead: { depth: 3, width: 256 },
    highQuality: false,
  };
}

function vitEncoder(size: keyof typeof VIT): EncoderConfig {
  const { width, depth, heads, global } = VIT[size];
  const isGlobal = new Set<number>(global);
  return {
    kind: 'vit',
    patchSize: 16,
    width,
    heads,
    mlpWidth: 4 * width,
    windows: Array.from({ length: depth }, (_, i) => (isGlobal.has(i) ? 0 : 14)),
    relativePositions: true,
    layerNormEpsilon: 1e-6,
  };
}
