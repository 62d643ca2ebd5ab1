/**
 * @file From an instance image to what a training step sees: a random part of it, turned and flipped, its longest side
 * resized to the encoder's input as SAM does, its intensities changed, and K objects with their boxes and targets.
 */
import type { BoxXyxy, Size } from '../base/geometry.ts';
import type { Rng } from '../base/rng.ts';
import type { InstanceImage } from '../dataset/instances/types.ts';
import { resizeBytes } from '../imaging/resample.ts';
import { coverage, type Window } from '../masks/coverage.ts';
import { type Mask, maskBox } from '../masks/mask.ts';
import type { SamConfig } from '../sam/config.ts';
import { maskLogits } from '../sam/painted-prompt.ts';
import { normalizeGrey, toBytes, toInputBox } from '../sam/preprocess.ts';
import { CELL_PX } from './config.ts';

export interface TrainingObject {
  /** Tight box in px of the encoder's input. */
  readonly box: BoxXyxy;
  /** How much of each cell it covers, 255 for all: [4 gridSize, 4 gridSize]. */
  readonly target: Uint8Array;
  /** What a network drew of it. */
  readonly rough?: RoughMask;
}

/** A mask of an object that is to be mended. */
export interface RoughMask {
  /** Logits [4 gridSize, 4 gridSize]. */
  readonly mask: Float32Array;
  /** Tight box of the mask, px of the encoder's input. */
  readonly box: BoxXyxy;
}

/**
 * Which views of an image are seen: parts of any size, laid in any of eight ways; or upright parts, sometimes
 * mirrored, of about the size at which the image is decoded where its longest side becomes `inputSize` px.
 */
export type Views = 'any' | { readonly inputSize: number };

export interface TrainingImage {
  /** As the encoder takes it, [imageSize, imageSize]. */
  readonly pixels: Float32Array;
  /** As many as were asked for; some more than once where there are fewer. */
  readonly objects: readonly TrainingObject[];
}

/** Objects that cover fewer cells are left out. */
const SMALLEST_CELLS = 6;
/** So are those that cover more of the image. */
const LARGEST_SHARE = 0.9;
/** Share of images that are seen whole, and the smallest part of a side that others show. */
const WHOLE_SHARE = 0.4;
const SMALLEST_PART = 0.35;
/** How much larger or smaller than asked for upright parts are, as the logarithm of their side. */
const WINDOW_SPREAD = 0.25;

/** A random view of an image with `count` of its objects, or undefined where the view shows none that is fit. */
export function prepareImage(
  rng: Rng,
  { image, objects, roughs }: InstanceImage,
  { imageSize }: Pick<SamConfig, 'imageSize'>,
  count: number,
  views: Views,
): TrainingImage | undefined {
  const window = drawWindow(rng, image, objects, imageSize, views);
  const seen: SeenPart = {
    window,
    content: contentSize(window, imageSize),
    turn: drawTurn(rng, views),
    imageSize,
  };
  const found: TrainingObject[] = [];
  for (const at of rng.shuffled([...objects.keys()])) {
    if (found.length === count) break;
    const target = targetOf(objects[at]!, seen);
    const rough = roughs?.[at] && targetOf(roughs[at], seen);
    if (target) found.push({ ...target, ...(rough && { rough: roughMask(rough) }) });
  }
  if (found.length === 0) return undefined;
  const bytes = resizeBytes(crop(toBytes(image), image.width, window), window, seen.content);
  const shown = turned(changeIntensities(rng, bytes), seen.content, seen.turn);
  const pixels = normalizeGrey({ ...shown, bits: 8 }, imageSize);
  return {
    pixels: pixels.data,
    objects: Array.from({ length: count }, (_, i) => found[i % found.length]!),
  };
}

/** What a view shows of an image, and how. */
interface SeenPart {
  readonly window: Window;
  /** Its size in the encoder's input, before it is turned. */
  readonly content: Size;
  readonly turn: Turn;
  readonly imageSize: number;
}

/** The whole image, or a part of it around one of its objects. */
function drawWindow(
  rng: Rng,
  image: Size,
  objects: readonly Mask[],
  imageSize: number,
  views: Views,
): Window {
  const whole = { x: 0, y: 0, height: image.height, width: image.width };
  if (objects.length === 0 || (views === 'any' && rng.uniform() < WHOLE_SHARE)) return whole;
  const [x0, y0, x1, y1] = maskBox(objects[rng.below(objects.length)]!)!;
  const [height, width] = drawPart(rng, image, imageSize, views);
  const start = (centre: number, length: number, side: number): number =>
    Math.round(Math.min(Math.max(centre - length * rng.between(0.2, 0.8), 0), side - length));
  return {
    x: start((x0 + x1) / 2, width, image.width),
    y: start((y0 + y1) / 2, height, image.height),
    height,
    width,
  };
}

function drawPart(
  rng: Rng,
  { height, width }: Size,
  imageSize: number,
  views: Views,
): [height: number, width: number] {
  if (views === 'any') {
    // Enlarging beyond this would show nothing but blur.
    const least = imageSize / 4;
    const part = (side: number): number =>
      Math.round(Math.min(side, Math.max(least, side * rng.between(SMALLEST_PART, 1))));
    return [part(height), part(width)];
  }
  const usual = (imageSize * Math.max(height, width)) / views.inputSize;
  const side = Math.round(usual * Math.exp(rng.between(-WINDOW_SPREAD, WINDOW_SPREAD)));
  return [Math.min(side, height), Math.min(side, width)];
}

/** The longest side is the input's; both are whole cells. */
function contentSize({ height, width }: Size, imageSize: number): Size {
  const scale = imageSize / Math.max(height, width);
  const whole = (length: number): number => Math.max(1, Math.round((length * scale) / CELL_PX)) * CELL_PX;
  return { height: whole(height), width: whole(width) };
}

/** What a view shows of a mask, unless that is too little or too much. */
function targetOf(
  mask: Mask,
  { window, content, turn, imageSize }: SeenPart,
): Pick<TrainingObject, 'box' | 'target'> | undefined {
  const cells = { height: content.height / CELL_PX, width: content.width / CELL_PX };
  const box = boxWithin(mask, window);
  if (box === undefined) return undefined;
  const shares = coverage(mask, window, cells);
  const covered = shares.reduce((sum, share) => sum + share, 0);
  if (covered < SMALLEST_CELLS || covered > LARGEST_SHARE * shares.length) return undefined;
  const target = new Uint8Array((imageSize / CELL_PX) ** 2);
  const bytes = Uint8Array.from(shares, (share) => Math.round(255 * share));
  const seen = turned(bytes, cells, turn);
  for (let y = 0; y < seen.height; y++) {
    target.set(seen.data.subarray(y * seen.width, (y + 1) * seen.width), (y * imageSize) / CELL_PX);
  }
  return { box: turnedBox(toInputBox(box, window, content), content, turn), target };
}

/** The mask as it is shown to the model, from the share of each cell that it covers, 255 for all. */
export function roughMask({ box, target }: Pick<TrainingObject, 'box' | 'target'>): RoughMask {
  return { box, mask: maskLogits(Float32Array.from(target, (share) => share / 255)) };
}

/** The tight box of the part of a mask within a window, in px of the window. */
function boxWithin(mask: Mask, window: Window): BoxXyxy | undefined {
  const { height, width } = window;
  return maskBox({ height, width, data: crop(mask.data, mask.width, window) });
}

function crop(data: Uint8Array, stride: number, { x, y, height, width }: Window): Uint8Array {
  const out = new Uint8Array(height * width);
  for (let row = 0; row < height; row++) {
    const from = (y + row) * stride + x;
    out.set(data.subarray(from, from + width), row * width);
  }
  return out;
}

/** One of the eight ways to lay a rectangle: first flipped, then rows and columns exchanged. */
interface Turn {
  readonly flipX: boolean;
  readonly flipY: boolean;
  readonly exchange: boolean;
}

function drawTurn(rng: Rng, views: Views): Turn {
  const flipX = rng.uniform() < 0.5;
  if (views !== 'any') return { flipX, flipY: false, exchange: false };
  return { flipX, flipY: rng.uniform() < 0.5, exchange: rng.uniform() < 0.5 };
}

function turned(
  data: Uint8Array,
  { height, width }: Size,
  { flipX, flipY, exchange }: Turn,
): Size & { data: Uint8Array } {
  const out = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    const toY = flipY ? height - 1 - y : y;
    for (let x = 0; x < width; x++) {
      const toX = flipX ? width - 1 - x : x;
      out[exchange ? toX * height + toY : toY * width + toX] = data[y * width + x]!;
    }
  }
  return exchange ? { height: width, width: height, data: out } : { height, width, data: out };
}

function turnedBox(
  [x0, y0, x1, y1]: BoxXyxy,
  { height, width }: Size,
  { flipX, flipY, exchange }: Turn,
): BoxXyxy {
  const [left, right] = flipX ? [width - 1 - x1, width - 1 - x0] : [x0, x1];
  const [top, bottom] = flipY ? [height - 1 - y1, height - 1 - y0] : [y0, y1];
  return exchange ? [top, left, bottom, right] : [left, top, right, bottom];
}

/** Another gamma, contrast and brightness, sometimes the negative, sometimes noise. */
function changeIntensities(rng: Rng, bytes: Uint8Array): Uint8Array {
  const gamma = Math.exp(0.3 * rng.normal());
  const contrast = rng.between(0.6, 1.2);
  const brightness = rng.between(-0.15, 0.15);
  const isNegative = rng.uniform() < 0.25;
  const table = Uint8Array.from({ length: 256 }, (_, byte) => {
    const value = (byte / 255) ** gamma;
    const changed = ((isNegative ? 1 - value : value) - 0.5) * contrast + 0.5 + brightness;
    return Math.round(255 * Math.min(1, Math.max(0, changed)));
  });
  const noise = rng.uniform() < 0.3 ? rng.between(0, 20) : 0;
  if (noise === 0) return bytes.map((byte) => table[byte]!);
  return bytes.map((byte) => Math.min(255, Math.max(0, table[byte]! + rng.between(-noise, noise))));
}
