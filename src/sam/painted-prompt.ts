/**
 * @file Prompts painted: what points and box say of each cell of the decoder's grid, as a mask prompt. Foal sees them
 * so beside their tokens (as interactive segmentation did before SAM: Sofiiuk et al. 2022): that a place is inside a
 * box it then need not learn from the sines and cosines of two corners, which takes more training than it gets.
 */
import type { BoxXyxy, Size } from '../base/geometry.ts';
import { coverage } from '../masks/coverage.ts';
import type { Mask } from '../masks/mask.ts';
import type { SamConfig } from './config.ts';
import type { PromptPoint } from './promptable.ts';

/** Logits of cells within the box and of those without; cells on its edge are in between. */
const IN_BOX = 4;
const OUT_OF_BOX = -8;
/** Logits around points. */
const AT_POINT = 12;
/** Logits of cells that a mask covers wholly, and of those that it leaves free when negative. */
const IN_MASK = 8;
/** In cells. */
const POINT_RADIUS = 2.5;

/** Whether a model sees all its prompts painted, so that it has no parameter for a prompt without a mask. */
export function paintsPrompts({ encoder }: Pick<SamConfig, 'encoder'>): boolean {
  return encoder.kind === 'conv';
}

/** What a prompt says of cells, see paintPrompt. */
export interface PaintedParts {
  readonly points: readonly PromptPoint[];
  readonly box: BoxXyxy | undefined;
  /** Logits [4 gridSize, 4 gridSize] of an earlier mask. */
  readonly mask: Float32Array | undefined;
}

/**
 * Logits [4 gridSize, 4 gridSize]: those of the earlier mask, else the box, else zeros, and disks at the points.
 * Points and box are in px of the encoder's input, pixel centres at whole numbers.
 */
export function paintPrompt(
  { imageSize, gridSize }: Pick<SamConfig, 'imageSize' | 'gridSize'>,
  { points, box, mask }: PaintedParts,
): Float32Array {
  const side = 4 * gridSize;
  const cellPx = imageSize / side;
  const out = mask ? mask.slice() : new Float32Array(side * side);
  if (box && !mask) {
    const columns = sharesWithin(box[0], box[2], cellPx, side);
    const rows = sharesWithin(box[1], box[3], cellPx, side);
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        out[y * side + x] = OUT_OF_BOX + (IN_BOX - OUT_OF_BOX) * rows[y]! * columns[x]!;
      }
    }
  }
  for (const { xy, positive } of points) {
    const [centreX, centreY] = [(xy[0] + 0.5) / cellPx - 0.5, (xy[1] + 0.5) / cellPx - 0.5];
    const reach = (centre: number): [number, number] => [
      Math.max(0, Math.ceil(centre - POINT_RADIUS)),
      Math.min(side - 1, Math.floor(centre + POINT_RADIUS)),
    ];
    const [[top, bottom], [left, right]] = [reach(centreY), reach(centreX)];
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        const isNear = (x - centreX) ** 2 + (y - centreY) ** 2 <= POINT_RADIUS ** 2;
        if (isNear) out[y * side + x] = positive ? AT_POINT : -AT_POINT;
      }
    }
  }
  return out;
}

/** A mask that no model gave, as a mask prompt: logits from the share of each cell that it covers, in [0, 1]. */
export function maskLogits(shares: Float32Array): Float32Array {
  return shares.map((share) => IN_MASK * (2 * share - 1));
}

/**
 * A mask of an image as logits [4 gridSize, 4 gridSize] of its cells in the encoder's input, of which the part
 * `resized` holds the image.
 */
export function gridLogits(
  { imageSize, gridSize }: Pick<SamConfig, 'imageSize' | 'gridSize'>,
  mask: Mask,
  resized: Size,
): Float32Array {
  const side = 4 * gridSize;
  const cells = (length: number): number => Math.max(1, Math.round((length * side) / imageSize));
  const [height, width] = [cells(resized.height), cells(resized.width)];
  const shares = coverage(mask, { x: 0, y: 0, height: mask.height, width: mask.width }, { height, width });
  const all = new Float32Array(side * side);
  for (let y = 0; y < height; y++) all.set(shares.subarray(y * width, (y + 1) * width), y * side);
  return maskLogits(all);
}

/** The share of each cell of an axis that lies between two pixels, both inclusive. */
function sharesWithin(first: number, last: number, cellPx: number, side: number): Float32Array {
  return Float32Array.from({ length: side }, (_, cell) => {
    const from = Math.max(first, cell * cellPx);
    const to = Math.min(last + 1, (cell + 1) * cellPx);
    return Math.max(0, to - from) / cellPx;
  });
}
