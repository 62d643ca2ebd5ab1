/** @file The numbers of Foal, our own small Segment Anything. */
import type { SamConfig } from '../sam/config.ts';

/** Side of a cell of the decoder's logits, and so of the targets, in px of the encoder's input. */
export const CELL_PX = 4;

/**
 * Foal for square inputs of `imageSize` px, a multiple of 32: the weights are the same for every size. 3.6 million of
 * them, 7.2 MB in half precision; at 1024 px an image takes 12 billion multiplications and a prompt 1 billion, 0.2 on a
 * window.
 */
export function foalConfig(imageSize: number): SamConfig {
  const width = 96;
  return {
    imageSize,
    gridSize: imageSize / 16,
    encoder: {
      kind: 'conv',
      stem: 16,
      stages: [
        { width: 32, depth: 1 },
        { width: 64, depth: 2 },
        { width: 128, depth: 3 },
        { width: 160, depth: 2 },
      ],
      contexts: 2,
    },
    width,
    maskChannels: [4, 16],
    transformer: { width, depth: 2, heads: 4, mlpWidth: 384, crossWidth: 48 },
    maskTokens: 4,
    iouHead: { depth: 3, width },
    highQuality: false,
    mixing: 64,
  };
}
