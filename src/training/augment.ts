/**
 * @file Augmentation inside the training graph: the step draws a few random numbers per image, ONNX Runtime warps
 * and recolours the batch together with the rest of the step.
 *
 * Geometry: output pixel p reads the input at A p + d(p), with A a random affine map and d a smooth random field
 * (elastic deformation, Simard et al. 2003), in coordinates from -1 to 1 across the image. Images are sampled
 * bilinearly, targets by the nearest pixel. Intensity: gamma, contrast, brightness, Gaussian blur, Gaussian noise.
 */

import type { Size } from '../base/geometry.ts';
import type { Rng } from '../base/rng.ts';
import { conv2d } from '../graph/ops/conv.ts';
import { add, maximum, minimum, mul, sub } from '../graph/ops/elementwise.ts';
import { gridSample } from '../graph/ops/grid-sample.ts';
import { split } from '../graph/ops/join.ts';
import { matmul, swapLast } from '../graph/ops/matmul.ts';
import { mean } from '../graph/ops/reduce.ts';
import { reshape, transpose } from '../graph/ops/reshape.ts';
import { resizeBilinear } from '../graph/ops/resize.ts';
import { exp, log } from '../graph/ops/unary.ts';
import { constant, input, type Tensor } from '../graph/tensor.ts';
import type { Feeds } from '../runtime/session.ts';
import { float32 } from '../tensor/array.ts';

/** Strengths. Every factor is drawn anew per image; 0 switches an effect off. */
export interface AugmentationSettings {
  /** 'uniform': the ranges below. 'gaussian': A = I + spread N(0, 1) on all six numbers, as the paper has it. */
  readonly affine:
    | {
        readonly kind: 'uniform';
        /** Largest rotation, rad. */
        readonly rotation: number;
        /** Largest relative change of scale, of aspect and of shear. */
        readonly scale: number;
        readonly aspect: number;
        readonly shear: number;
        /** Largest shift as a share of the image. */
        readonly shift: number;
      }
    | { readonly kind: 'gaussian'; readonly spread: number };
  /** Standard deviation of the displacement of the elastic grid's nodes, as a share of half the image. */
  readonly elastic: number;
  /** Largest |log| of the exponent applied to intensities. */
  readonly gamma: number;
  /** Largest relative change of contrast around the image's mean, and largest change of brightness. */
  readonly contrast: number;
  readonly brightness: number;
  /** Largest standard deviation of the blur, px at the network's resolution; half of the images are blurred. */
  readonly blur: number;
  /** Largest standard deviation of the noise; intensities are in [0, 1]. */
  readonly noise: number;
}

const ELASTIC_NODES: Size = { height: 4, width: 6 };
const BLUR_RADIUS = 2;

/** Symbolic inputs of the augmentation, by name; `drawAugmentation` makes arrays of these shapes. */
export interface AugmentationInputs {
  readonly affine: Tensor;
  readonly elastic: Tensor;
  readonly tone: Tensor;
  readonly blur: Tensor;
  readonly noise: Tensor;
  readonly noiseLevel: Tensor;
}

/** `prefix` keeps the inputs of several batches in one graph apart. */
export function augmentationInputs(batch: number, size: Size, prefix = ''): AugmentationInputs {
  const kernel = 2 * BLUR_RADIUS + 1;
  return {
    affine: input(`${prefix}augment.affine`, [batch, 2, 3]),
    elastic: input(`${prefix}augment.elastic`, [batch, 2, ELASTIC_NODES.height, ELASTIC_NODES.width]),
    tone: input(`${prefix}augment.tone`, [batch, 3]),
    blur: input(`${prefix}augment.blur`, [batch, 1, kernel, kernel]),
    noise: input(`${prefix}augment.noise`, [batch, 1, size.height, size.width]),
    noiseLevel: input(`${prefix}augment.noiseLevel`, [batch, 1, 1, 1]),
  };
}

/** Where the pixels of warped maps of a size are read: [N, H, W, 2] (x, y), the same warp at every size. */
export function samplingGrid(
  { affine, elastic }: Pick<AugmentationInputs, 'affine'> & Partial<Pick<AugmentationInputs, 'elastic'>>,
  { height, width }: Size,
): Tensor {
  const batch = affine.shape[0]!;
  const points = new Float32Array(height * width * 3);
  for (let row = 0, at = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      points[at++] = (2 * column + 1) / width - 1;
      points[at++] = (2 * row + 1) / height - 1;
      points[at++] = 1;
    }
  }
  const homogeneous = constant(float32([1, height * width, 3], points));
  const mapped = reshape(matmul(homogeneous, swapLast(affine)), [batch, height, width, 2]);
  if (elastic === undefined) return mapped;
  return add(mapped, transpose(resizeBilinear(elastic, height, width), [0, 2, 3, 1]));
}

/** Warps images [N, 1, H, W] and targets [N, T, H, W] alike and recolours the images. */
export function augment(
  image: Tensor,
  target: Tensor,
  inputs: AugmentationInputs,
): { readonly image: Tensor; readonly target: Tensor } {
  const [batch, , height, width] = image.shape as [number, number, number, number];
  const grid = samplingGrid(inputs, { height, width });
  const warped = gridSample(image, grid, 'bilinear', 'border');
  const blurred = reshape(
    conv2d(reshape(warped, [1, batch, height, width]), inputs.blur, undefined, {
      groups: batch,
      padding: BLUR_RADIUS,
    }),
    image.shape,
  );
  const [exponent, contrast, brightness] = split(inputs.tone, [1, 1, 1], 1).map((column) =>
    reshape(column, [batch, 1, 1, 1]),
  ) as [Tensor, Tensor, Tensor];
  const bent = exp(mul(log(maximum(blurred, 1e-4)), exponent));
  const centre = mean(bent, { axes: [1, 2, 3], keepAxes: true });
  const stretched = add(add(mul(sub(bent, centre), contrast), centre), brightness);
  const noisy = add(stretched, mul(inputs.noise, inputs.noiseLevel));
  return { image: minimum(maximum(noisy, 0), 1), target: gridSample(target, grid, 'nearest', 'zeros') };
}

/**
 * Random numbers of one batch, an entry of `flipped` per image. Noise is cut from a bank of normal numbers, which is
 * quicker than drawing afresh.
 */
export function drawAugmentation(
  rng: Rng,
  settings: AugmentationSettings,
  flipped: readonly boolean[],
  size: Size,
  noiseBank: Float32Array,
  prefix = '',
): Feeds {
  const batch = flipped.length;
  const kernel = 2 * BLUR_RADIUS + 1;
  const affine = new Float32Array(batch * 6);
  const elastic = new Float32Array(batch * 2 * ELASTIC_NODES.height * ELASTIC_NODES.width);
  const tone = new Float32Array(batch * 3);
  const blur = new Float32Array(batch * kernel * kernel);
  const noiseLevel = new Float32Array(batch);
  for (let n = 0; n < batch; n++) {
    const map = drawAffine(rng, settings.affine, size);
    affine.set(flipped[n] ? map.map((value, i) => (i < 3 ? -value : value)) : map, n * 6);
    const around = (range: number): number => rng.between(-range, range);
    tone.set(
      [Math.exp(around(settings.gamma)), 1 + around(settings.contrast), around(settings.brightness)],
      n * 3,
    );
    const deviation = rng.uniform() < 0.5 ? 0 : rng.between(0, settings.blur);
    blur.set(gaussianKernel(deviation, BLUR_RADIUS), n * kernel * kernel);
    noiseLevel[n] = rng.between(0, settings.noise);
  }
  for (let i = 0; i < elastic.length; i++) elastic[i] = settings.elastic * rng.normal();
  const pixels = batch * size.height * size.width;
  const start = rng.below(noiseBank.length - pixels + 1);
  return {
    [`${prefix}augment.affine`]: float32([batch, 2, 3], affine),
    [`${prefix}augment.elastic`]: float32([batch, 2, ELASTIC_NODES.height, ELASTIC_NODES.width], elastic),
    [`${prefix}augment.tone`]: float32([batch, 3], tone),
    [`${prefix}augment.blur`]: float32([batch, 1, kernel, kernel], blur),
    [`${prefix}augment.noise`]: float32(
      [batch, 1, size.height, size.width],
      noiseBank.subarray(start, start + pixels),
    ),
    [`${prefix}augment.noiseLevel`]: float32([batch, 1, 1, 1], noiseLevel),
  };
}

/** A bank of normal numbers, at least twice as long as a batch has pixels. */
export function makeNoiseBank(rng: Rng, batch: number, size: Size): Float32Array {
  return Float32Array.from({ length: 2 * batch * size.height * size.width }, () => rng.normal());
}

/** Rows [a, b, tx], [c, d, ty] from output to input coordinates. */
export function drawAffine(
  rng: Rng,
  settings: AugmentationSettings['affine'],
  { height, width }: Size,
): number[] {
  if (settings.kind === 'gaussian') {
    return [1, 0, 0, 0, 1, 0].map((value) => value + settings.spread * rng.normal());
  }
  const around = (range: number): number => rng.between(-range, range);
  const angle = around(settings.rotation);
  const scale = 1 + around(settings.scale);
  const stretch = 1 + around(settings.aspect);
  const shear = around(settings.shear);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const ratio = height / width;
  // Rotation and shear act in px; coordinates run from -1 to 1 along both sides, hence the ratio.
  return [
    (cos * scale) / stretch,
    (shear * cos - sin) * scale * ratio,
    2 * around(settings.shift),
    (sin * scale) / ratio,
    (cos + shear * sin) * scale * stretch,
    2 * around(settings.shift),
  ];
}

/** Weights of a (2 radius + 1) x (2 radius + 1) Gaussian that add up to 1; a deviation of 0 leaves the image. */
function gaussianKernel(deviation: number, radius: number): number[] {
  const side = Array.from({ length: 2 * radius + 1 }, (_, i) =>
    deviation === 0 ? (i === radius ? 1 : 0) : Math.exp(-((i - radius) ** 2) / (2 * deviation * deviation)),
  );
  const total = side.reduce((sum, value) => sum + value, 0);
  return side.flatMap((a) => side.map((b) => (a * b) / (total * total)));
}
