/**
 * @file The part of an image that a prompt is decoded on. A model of convolutions has no places that know where in the
 * image they are, so its decoder can be run on a part of them: an object that is small beside the image is decoded on
 * a window around it, at a fraction of the cost, and at the size that the decoder was trained at.
 */
import { float32 } from '../tensor/array.ts';
import type { SamConfig } from './config.ts';
import { type PaintedParts, paintsPrompts } from './painted-prompt.ts';
import type { ImageFeatures } from './store.ts';

/** A square of places; their coordinates count from the upper left place of the image. */
export interface PlaceWindow {
  readonly x: number;
  readonly y: number;
  readonly side: number;
}

/** Side of windows, in places: 512 px of the encoder's input, about what Foal sees in training. */
const WINDOW_PLACES = 32;
/** Objects that are longer than this share of a window are decoded on the whole image. */
const LARGEST_SHARE = 0.6;
/** Windows lie on a grid of this many places, so that neighbouring objects have the same one. */
const WINDOW_STEP = 8;
/** Logits of an image's cells that its window does not show. */
const OUT_OF_WINDOW = -20;

type Grid = Pick<SamConfig, 'gridSize' | 'imageSize' | 'encoder'>;

/** The model as it is on windows of a side in places. */
export function windowConfig(config: SamConfig, side: number): SamConfig {
  return { ...config, gridSize: side, imageSize: (side * config.imageSize) / config.gridSize };
}

/**
 * The window around what a prompt says of its object, in px of the encoder's input: box, earlier mask, and points
 * inside. Points alone do not tell how large the object is, so that it is looked for in the whole image.
 */
export function windowOf(config: Grid, prompt: PaintedParts): PlaceWindow {
  const { gridSize, imageSize } = config;
  const whole = { x: 0, y: 0, side: gridSize };
  if (!paintsPrompts(config) || gridSize <= WINDOW_PLACES) return whole;
  const known = knownExtent(config, prompt);
  if (known === undefined) return whole;
  const placePx = imageSize / gridSize;
  const [x0, y0, x1, y1] = known;
  if (Math.max(x1 - x0, y1 - y0) > LARGEST_SHARE * WINDOW_PLACES * placePx) return whole;
  const start = (centre: number): number => {
    const at = WINDOW_STEP * Math.round((centre / placePx - WINDOW_PLACES / 2) / WINDOW_STEP);
    return Math.min(Math.max(at, 0), gridSize - WINDOW_PLACES);
  };
  return { x: start((x0 + x1) / 2), y: start((y0 + y1) / 2), side: WINDOW_PLACES };
}

function knownExtent(
  { gridSize, imageSize }: Grid,
  { points, box, mask }: PaintedParts,
): readonly [number, number, number, number] | undefined {
  const cells = mask && positiveExtent(mask, 4 * gridSize);
  const cellPx = imageSize / (4 * gridSize);
  const extents = [
    ...(box ? [box] : []),
    ...(cells ? [cells.map((at) => at * cellPx)] : []),
    ...points.filter(({ positive }) => positive).map(({ xy: [x, y] }) => [x, y, x, y]),
  ];
  if (box === undefined && cells === undefined) return undefined;
  const reach = (corner: number, of: (...values: number[]) => number): number =>
    of(...extents.map((extent) => extent[corner]!));
  return [reach(0, Math.min), reach(1, Math.min), reach(2, Math.max), reach(3, Math.max)];
}

/** First and last column and row with a positive logit, as x0, y0, x1, y1 in cells. */
function positiveExtent(logits: Float32Array, side: number): number[] | undefined {
  let [x0, y0, x1, y1] = [side, side, -1, -1];
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      if (!(logits[y * side + x]! > 0)) continue;
      [x0, y0, x1, y1] = [Math.min(x0, x), Math.min(y0, y), Math.max(x1, x), y];
    }
  }
  return x1 < 0 ? undefined : [x0, y0, x1 + 1, y1 + 1];
}

/** What a prompt says within a window, in px of the window's input. Points outside of a part of the image are left out. */
export function cropPrompt(
  { gridSize, imageSize }: Grid,
  { points, box, mask }: PaintedParts,
  window: PlaceWindow,
): PaintedParts {
  const placePx = imageSize / gridSize;
  const [left, top, length] = [window.x * placePx, window.y * placePx, window.side * placePx];
  const isWithin = (at: number): boolean => window.side === gridSize || (at >= 0 && at < length);
  return {
    points: points
      .map(({ xy: [x, y], positive }) => ({ xy: [x - left, y - top] as const, positive }))
      .filter(({ xy: [x, y] }) => isWithin(x) && isWithin(y)),
    box: box && [box[0] - left, box[1] - top, box[2] - left, box[3] - top],
    mask: mask && cropRows(mask, gridSize, window, 4, 1),
  };
}

/** The features of a window's places alone, as if the window were an image. */
export function cropFeatures(
  { gridSize }: Pick<SamConfig, 'gridSize'>,
  { embedding, fine }: ImageFeatures,
  window: PlaceWindow,
): ImageFeatures {
  const { side } = window;
  const [, width] = embedding!.shape as [number, number];
  const maps = new Float32Array(width * side * side);
  for (let feature = 0; feature < width; feature++) {
    const map = embedding!.data.subarray(feature * gridSize ** 2, (feature + 1) * gridSize ** 2);
    maps.set(cropRows(map, gridSize, window, 1, 1), feature * side * side);
  }
  const [, pixels, features] = fine!.shape as [number, number, number];
  const perPlace = (pixels / gridSize ** 2) * features;
  return {
    embedding: float32([1, width, side, side], maps),
    fine: float32(
      [1, (pixels / gridSize ** 2) * side * side, features],
      cropRows(fine!.data, gridSize, window, 1, perPlace),
    ),
  };
}

/** Logits of the whole image from those of its window [4 side, 4 side]. */
export function placeLogits(
  { gridSize }: Pick<SamConfig, 'gridSize'>,
  logits: Float32Array,
  window: PlaceWindow,
): Float32Array {
  const [inner, outer] = [4 * window.side, 4 * gridSize];
  if (inner === outer) return logits.slice();
  const out = new Float32Array(outer * outer).fill(OUT_OF_WINDOW);
  for (let y = 0; y < inner; y++) {
    out.set(logits.subarray(y * inner, (y + 1) * inner), (4 * window.y + y) * outer + 4 * window.x);
  }
  return out;
}

/** The part in a window of a grid with `cells` cells along each side of a place, of `values` values each. */
function cropRows(
  data: Float32Array,
  gridSize: number,
  { x, y, side }: PlaceWindow,
  cells: number,
  values: number,
): Float32Array {
  const length = side * cells * values;
  const out = new Float32Array(length * side * cells);
  for (let row = 0; row < side * cells; row++) {
    const from = ((y * cells + row) * gridSize + x) * cells * values;
    out.set(data.subarray(from, from + length), row * length);
  }
  return out;
}
