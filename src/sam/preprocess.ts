/**
 * @file From an image to the encoder's input, and from its pixels to the encoder's.
 *
 * `sam`: the longest side is resized to the input size (antialiased bilinear on bytes, as torchvision does by way of
 * Pillow), normalised by ImageNet's mean and deviation, and padded with zeros right and below.
 * `medsam`: resized to the square without keeping the aspect and stretched to [0, 1] (Ma et al. 2024).
 */
import type { BoxXyxy, PointXy, Size } from '../base/geometry.ts';
import type { Image } from '../imaging/image.ts';
import { resizeBytes } from '../imaging/resample.ts';
import { type Float32NdArray, float32 } from '../tensor/array.ts';

export type Preprocessing = 'sam' | 'medsam';

/** Of red, green and blue in 0..255, as SAM was trained. */
const MEAN = [123.675, 116.28, 103.53] as const;
const DEVIATION = [58.395, 57.12, 57.375] as const;

/** Share of the pixels of a 16-bit image that is clipped at either end. */
const CLIPPED_SHARE = 0.005;

/** Size of the resized image inside the square input. */
export function inputSize(size: Size, imageSize: number, preprocessing: Preprocessing): Size {
  if (preprocessing === 'medsam') return { height: imageSize, width: imageSize };
  const scale = imageSize / Math.max(size.height, size.width);
  // Math.floor(x + 0.5) is the original's rounding.
  const scaled = (length: number): number => Math.max(1, Math.floor(length * scale + 0.5));
  return { height: scaled(size.height), width: scaled(size.width) };
}

/** The image in 8 bits at its input size. */
export function resizeForSam(image: Image, imageSize: number, preprocessing: Preprocessing = 'sam'): Image {
  const size = inputSize(image, imageSize, preprocessing);
  return { ...size, bits: 8, data: resizeBytes(toBytes(image), image, size) };
}

/** The encoder's input [1, 3, imageSize, imageSize] from a resized 8-bit image; grey is repeated three times. */
export function normalizeForSam(
  resized: Image,
  imageSize: number,
  preprocessing: Preprocessing = 'sam',
): Float32NdArray {
  const plane = imageSize * imageSize;
  const data = new Float32Array(3 * plane);
  const [low, high] = preprocessing === 'medsam' ? extremes(resized.data) : [0, 0];
  for (let channel = 0; channel < 3; channel++) {
    const [offset, scale] =
      preprocessing === 'medsam'
        ? [low, 1 / Math.max(high - low, 1e-8)]
        : [MEAN[channel]!, 1 / DEVIATION[channel]!];
    for (let y = 0; y < resized.height; y++) {
      const from = y * resized.width;
      const to = channel * plane + y * imageSize;
      for (let x = 0; x < resized.width; x++) data[to + x] = (resized.data[from + x]! - offset) * scale;
    }
  }
  return float32([1, 3, imageSize, imageSize], data);
}

/**
 * The mean of the three channels that normalizeForSam makes of grey: [1, 1, imageSize, imageSize]. To an encoder that
 * sums its channels it is the same input, and a third of the work.
 */
export function normalizeGrey(resized: Image, imageSize: number): Float32NdArray {
  const mean = (of: (channel: number) => number): number => (of(0) + of(1) + of(2)) / 3;
  const scale = mean((channel) => 1 / DEVIATION[channel]!);
  const shift = mean((channel) => -MEAN[channel]! / DEVIATION[channel]!);
  const data = new Float32Array(imageSize * imageSize);
  for (let y = 0; y < resized.height; y++) {
    for (let x = 0; x < resized.width; x++) {
      data[y * imageSize + x] = resized.data[y * resized.width + x]! * scale + shift;
    }
  }
  return float32([1, 1, imageSize, imageSize], data);
}

/** A point of the original image in px of the encoder's input. */
export function toInputPoint([x, y]: PointXy, original: Size, resized: Size): PointXy {
  return [x * (resized.width / original.width), y * (resized.height / original.height)];
}

/** A box of the original image in px of the encoder's input. */
export function toInputBox([x0, y0, x1, y1]: BoxXyxy, original: Size, resized: Size): BoxXyxy {
  return [...toInputPoint([x0, y0], original, resized), ...toInputPoint([x1, y1], original, resized)];
}

/**
 * 8 bits of an image. 16 bits are windowed from the 0.5th to the 99.5th percentile, so that neither an unused range
 * nor a bright marker takes the contrast.
 */
export function toBytes(image: Image): Uint8Array {
  if (image.data instanceof Uint8Array) return image.data;
  if (image.bits === 8) return Uint8Array.from(image.data);
  const counts = new Uint32Array(65536);
  for (const value of image.data) counts[value]!++;
  const clipped = image.data.length * CLIPPED_SHARE;
  const low = percentile(counts, clipped);
  const high = Math.max(low + 1, percentile(counts, image.data.length - clipped));
  const scale = 255 / (high - low);
  return Uint8Array.from(image.data, (value) =>
    Math.round(Math.min(255, Math.max(0, (value - low) * scale))),
  );
}

/** The smallest value that at least `rank` pixels do not exceed. */
function percentile(counts: Uint32Array, rank: number): number {
  let seen = 0;
  return counts.findIndex((count) => {
    seen += count;
    return seen >= rank && seen > 0;
  });
}

function extremes(values: Uint8Array | Uint16Array): [low: number, high: number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}
