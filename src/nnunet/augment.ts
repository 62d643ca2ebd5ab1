/**
 * @file nnU-Net's augmentation inside the training graph: rotation, scaling, noise, blur, brightness, contrast, low
 * resolution and gamma, each of a part of the patches, with the ranges of its version 2 for 2D.
 *
 * A crop that is larger than the patch comes in, so that a turned or shrunk patch finds what lies around it. Blur and low
 * resolution are linear along rows and columns: one matrix for each side does both, before brightness and contrast, with
 * which they commute.
 */
import type { Size } from '../base/geometry.ts';
import type { Rng } from '../base/rng.ts';
import { add, div, maximum, minimum, mul, sub } from '../graph/ops/elementwise.ts';
import { gridSample } from '../graph/ops/grid-sample.ts';
import { matmul } from '../graph/ops/matmul.ts';
import { max, mean } from '../graph/ops/reduce.ts';
import { exp, log, neg, sqrt } from '../graph/ops/unary.ts';
import { input, type Tensor } from '../graph/tensor.ts';
import type { Feeds } from '../runtime/session.ts';
import { float32 } from '../tensor/array.ts';
import { samplingGrid } from '../training/augment.ts';

/** Probability of each effect, and its range. */
const ROTATION = { probability: 0.2, round: Math.PI, long: Math.PI / 12, longFrom: 1.5 };
const SCALING = { probability: 0.2, range: [0.7, 1.4] } as const;
const NOISE = { probability: 0.1, deviation: [0, 0.1] } as const;
const BLUR = { probability: 0.1, deviation: [0.5, 1] } as const;
const BRIGHTNESS = { probability: 0.15, range: [0.75, 1.25] } as const;
const CONTRAST = { probability: 0.15, range: [0.75, 1.25] } as const;
const LOW_RESOLUTION = { probability: 0.125, range: [0.5, 1] } as const;
const GAMMA = { inverted: 0.1, probability: 0.3, range: [0.7, 1.5] } as const;

/** Beyond so many deviations a blur sees nothing. */
const BLUR_REACH = 4;

const TONES = ['noiseLevel', 'brightness', 'contrast', 'invertedGamma', 'gamma'] as const;

/** Largest angle by which patches are turned: long ones hardly. */
function largestAngle({ height, width }: Size): number {
  const isLong = Math.max(height, width) > ROTATION.longFrom * Math.min(height, width);
  return isLong ? ROTATION.long : ROTATION.round;
}

/** Rows and columns around a patch that a warp of it may read. */
export function warpMargin(patch: Size): Size {
  const angle = Math.min(largestAngle(patch), Math.PI / 2);
  const reach = (along: number, across: number): number => {
    const best = Math.min(angle, Math.atan2(across, along));
    return Math.ceil(((along * Math.cos(best) + across * Math.sin(best)) * SCALING.range[1] - along) / 2);
  };
  return { height: reach(patch.height, patch.width), width: reach(patch.width, patch.height) };
}

/** Inputs beside the crops: `affine`, `rows`, `columns`, `noise` and each of the tones; see drawAugmentation. */
export function augmentPatches(
  crop: Tensor,
  target: Tensor,
  patch: Size,
): { readonly image: Tensor; readonly target: Tensor } {
  const [batch] = crop.shape as [number];
  const { height, width } = patch;
  const grid = samplingGrid({ affine: input('affine', [batch, 2, 3]) }, patch);
  const tone = Object.fromEntries(TONES.map((name) => [name, input(name, [batch, 1, 1, 1])])) as Record<
    (typeof TONES)[number],
    Tensor
  >;
  const warped = gridSample(crop, grid, 'bilinear', 'zeros');
  const noisy = add(warped, mul(input('noise', [batch, 1, height, width]), tone.noiseLevel));
  const rows = input('rows', [batch, 1, height, height]);
  const smeared = matmul(matmul(rows, noisy), input('columns', [batch, 1, width, width]));
  const stretched = withContrast(mul(smeared, tone.brightness), tone.contrast);
  const bent = neg(withGamma(neg(stretched), tone.invertedGamma));
  return {
    image: withGamma(bent, tone.gamma),
    target: gridSample(target, grid, 'nearest', 'zeros'),
  };
}

const EACH = { axes: [1, 2, 3], keepAxes: true } as const;
const smallest = (x: Tensor): Tensor => neg(max(neg(x), EACH));

/** Around the mean, within the range of before. */
function withContrast(x: Tensor, factor: Tensor): Tensor {
  const centre = mean(x, EACH);
  const stretched = add(mul(sub(x, centre), factor), centre);
  return minimum(maximum(stretched, smallest(x)), max(x, EACH));
}

/** The range of an image by the power of a number, with its mean and deviation kept. */
function withGamma(x: Tensor, exponent: Tensor): Tensor {
  const low = smallest(x);
  const range = maximum(sub(max(x, EACH), low), 1e-7);
  const share = maximum(div(sub(x, low), range), 1e-7);
  const bent = exp(mul(log(share), exponent));
  const [before, after] = [moments(x), moments(bent)];
  return add(mul(sub(bent, after.mean), div(before.deviation, maximum(after.deviation, 1e-7))), before.mean);
}

function moments(x: Tensor): { mean: Tensor; deviation: Tensor } {
  const centre = mean(x, EACH);
  const difference = sub(x, centre);
  return { mean: centre, deviation: sqrt(mean(mul(difference, difference), EACH)) };
}

/**
 * Random numbers of a batch, an entry of `flipped` per patch.
 *
 * @param crop size of the crops that patches are cut from
 * @param noiseBank normal numbers, more than a batch has pixels
 */
export function drawAugmentation(
  rng: Rng,
  flipped: readonly boolean[],
  patch: Size,
  crop: Size,
  noiseBank: Float32Array,
): Feeds {
  const batch = flipped.length;
  const { height, width } = patch;
  const affine = new Float32Array(batch * 6);
  const rows = new Float32Array(batch * height * height);
  const columns = new Float32Array(batch * width * width);
  const tones = TONES.map(() => new Float32Array(batch));
  const maybe = (probability: number, [low, high]: readonly [number, number], otherwise: number): number =>
    rng.uniform() < probability ? rng.between(low, high) : otherwise;
  const angles = largestAngle(patch);
  for (let n = 0; n < batch; n++) {
    const angle = maybe(ROTATION.probability, [-angles, angles], 0);
    const scale = maybe(SCALING.probability, SCALING.range, 1);
    affine.set(patchToCrop(angle, scale, flipped[n]!, patch, crop), n * 6);
    const deviation = maybe(BLUR.probability, BLUR.deviation, 0);
    const resolution = maybe(LOW_RESOLUTION.probability, LOW_RESOLUTION.range, 1);
    rows.set(smearing(height, deviation, resolution), n * height * height);
    columns.set(transposed(smearing(width, deviation, resolution), width), n * width * width);
    const drawn = [
      maybe(NOISE.probability, NOISE.deviation, 0),
      maybe(BRIGHTNESS.probability, BRIGHTNESS.range, 1),
      maybe(CONTRAST.probability, CONTRAST.range, 1),
      maybe(GAMMA.inverted, bendingRange(rng), 1),
      maybe(GAMMA.probability, bendingRange(rng), 1),
    ];
    drawn.forEach((value, k) => {
      tones[k]![n] = value;
    });
  }
  const pixels = batch * height * width;
  const start = rng.below(noiseBank.length - pixels + 1);
  return {
    affine: float32([batch, 2, 3], affine),
    rows: float32([batch, 1, height, height], rows),
    columns: float32([batch, 1, width, width], columns),
    noise: float32([batch, 1, height, width], noiseBank.subarray(start, start + pixels)),
    ...Object.fromEntries(TONES.map((name, k) => [name, float32([batch, 1, 1, 1], tones[k]!)])),
  };
}

/** Exponents below and above 1 are equally likely. */
function bendingRange(rng: Rng): readonly [number, number] {
  const [low, high] = GAMMA.range;
  return rng.uniform() < 0.5 ? [low, 1] : [1, high];
}

/** From places of the patch to those of the crop around it, both from -1 to 1 along their sides. */
export function patchToCrop(
  angle: number,
  scale: number,
  flipped: boolean,
  patch: Size,
  crop: Size,
): number[] {
  const [cos, sin] = [scale * Math.cos(angle), scale * Math.sin(angle)];
  const side = flipped ? -patch.width : patch.width;
  return [
    (cos * side) / crop.width,
    (-sin * patch.height) / crop.width,
    0,
    (sin * side) / crop.height,
    (cos * patch.height) / crop.height,
    0,
  ];
}

/**
 * A matrix [length, length] that blurs a column of pixels by a Gaussian and then shows it at a part of its resolution:
 * the nearest pixels are kept, and interpolated linearly.
 */
export function smearing(length: number, deviation: number, resolution: number): Float32Array {
  const kept = Math.max(1, Math.round(length * resolution));
  const matrix = new Float32Array(length * length);
  for (let to = 0; to < length; to++) {
    const place = Math.min(Math.max(((to + 0.5) * kept) / length - 0.5, 0), kept - 1);
    const low = Math.floor(place);
    const high = Math.min(low + 1, kept - 1);
    for (const [at, share] of [
      [low, 1 - (place - low)],
      [high, place - low],
    ] as const) {
      const from = Math.min(length - 1, Math.floor(((at + 0.5) * length) / kept));
      for (const [pixel, weight] of blurWeights(from, length, deviation)) {
        matrix[to * length + pixel]! += share * weight;
      }
    }
  }
  return matrix;
}

/** The pixels that make a blurred one, and their weights, which add up to 1. */
function blurWeights(at: number, length: number, deviation: number): (readonly [number, number])[] {
  if (deviation === 0) return [[at, 1]];
  const reach = Math.ceil(BLUR_REACH * deviation);
  const [first, last] = [Math.max(0, at - reach), Math.min(length - 1, at + reach)];
  const weights = Array.from({ length: last - first + 1 }, (_, i) => {
    const distance = first + i - at;
    return [first + i, Math.exp((-distance * distance) / (2 * deviation * deviation))] as const;
  });
  const total = weights.reduce((sum, [, weight]) => sum + weight, 0);
  return weights.map(([pixel, weight]) => [pixel, weight / total] as const);
}

function transposed(matrix: Float32Array, side: number): Float32Array {
  return matrix.map((_, at) => matrix[(at % side) * side + Math.floor(at / side)]!);
}
