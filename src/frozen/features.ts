/** @file What a frozen encoder says of images, as maps from which a head learns. The encoder is a SAM model's. */
import type { Size } from '../base/geometry.ts';
import type { Image } from '../imaging/image.ts';
import type { SamPredictor } from '../sam/predictor.ts';

/** What the maps of an encoder are like; equal for all images, which are padded to its square input. */
export interface EncoderShape {
  /** Features, and places along each side. */
  readonly width: number;
  readonly gridSize: number;
  /** Early features, at four cells along each side of a place; 0 where the encoder gives none. */
  readonly early: number;
}

export interface ImageMaps {
  /** [width, gridSize, gridSize] */
  readonly features: Float32Array;
  /** [early, 4 gridSize, 4 gridSize] */
  readonly early: Float32Array;
  /** How many of the cells, from the top left, show the image; the others are padding. */
  readonly shown: Size;
}

export interface FrozenEncoder {
  readonly shape: EncoderShape;
  /** `imageKey` is the hash of the image's content. */
  maps(image: Image, imageKey: string): Promise<ImageMaps>;
}

/** Side of the maps of logits and targets in cells. */
export const cellsOf = ({ gridSize }: EncoderShape): number => 4 * gridSize;

/** The encoder of a model; it is asked, never trained. Its store keeps what it says. */
export function frozenEncoder(model: Pick<SamPredictor, 'config' | 'features'>): FrozenEncoder {
  const { width, gridSize, imageSize, encoder, highQuality } = model.config;
  const isConv = encoder.kind === 'conv';
  const shape = { width, gridSize, early: isConv || highQuality ? width / 8 : 0 };
  const cellPx = imageSize / cellsOf(shape);
  const cells = (px: number): number => Math.max(1, Math.round(px / cellPx));
  return {
    shape,
    maps: async (image, imageKey) => {
      const { features, resized } = await model.features(image, imageKey);
      const fine = features.fine?.data ?? new Float32Array(0);
      return {
        features: features.embedding!.data,
        early: isConv ? asMaps(fine, shape) : fine,
        shown: { height: cells(resized.height), width: cells(resized.width) },
      };
    },
  };
}

/**
 * Foal's early features as maps [early, 4 gridSize, 4 gridSize]. It has them cell by cell: the sixteen of a place
 * together, in quarters of quarters.
 */
function asMaps(cells: Float32Array, { gridSize, early }: EncoderShape): Float32Array {
  const side = 4 * gridSize;
  const maps = new Float32Array(early * side * side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const place = (y >> 2) * gridSize + (x >> 2);
      const quarter = (y & 2) + ((x & 2) >> 1);
      const cell = (place * 4 + quarter) * 4 + ((y & 1) << 1) + (x & 1);
      for (let k = 0; k < early; k++) maps[(k * side + y) * side + x] = cells[cell * early + k]!;
    }
  }
  return maps;
}
