/** @file From absorption to grey values: sharpness, noise, local contrast, window, gamma, vignette, inversion. */
import type { Size } from '../../base/geometry.ts';
import type { Rng } from '../../base/rng.ts';
import { boxBlur } from '../drawing/texture.ts';
import { addBlocking } from './blocking.ts';
import { chance, logBetween } from './draws.ts';
import { addMarks } from './marks.ts';

/** How one scene is shown. Strengths are shares of the range of its grey values. */
export interface Exposure {
  /** Standard deviation of the blur, px. */
  readonly blur: number;
  readonly noise: number;
  /** 0: the same noise everywhere; 1: it grows with the signal; -1: it grows where little light comes through. */
  readonly noiseSlope: number;
  /** Whether the noise is smooth over a few px, as after processing. */
  readonly smoothNoise: boolean;
  /** Noise in lines, and its direction. */
  readonly lines: { readonly strength: number; readonly upright: boolean };
  /** Strength of local contrast, and its radius as a share of the image. */
  readonly detail: number;
  readonly detailRadius: number;
  /** Shares of pixels that are black and white. */
  readonly clip: readonly [black: number, white: number];
  /** Share of the grey range that is used, and where it begins. */
  readonly range: readonly [from: number, span: number];
  readonly gamma: number;
  readonly vignette: number;
  readonly inverted: boolean;
  readonly marks: boolean;
  /** Step of lossy compression, 0 for none. */
  readonly blocking: number;
}

export function drawExposure(rng: Rng): Exposure {
  const span = chance(rng, 0.3) ? rng.between(0.35, 0.8) : rng.between(0.85, 1);
  return {
    blur: chance(rng, 0.75) ? rng.between(0.3, 1.6) : chance(rng, 0.4) ? rng.between(1.6, 3) : 0,
    noise: logBetween(rng, 0.004, chance(rng, 0.2) ? 0.1 : 0.05),
    noiseSlope: rng.between(-1, 1),
    smoothNoise: chance(rng, 0.4),
    lines: { strength: chance(rng, 0.12) ? logBetween(rng, 0.005, 0.04) : 0, upright: chance(rng, 0.5) },
    detail: chance(rng, 0.5) ? rng.between(0.3, 2) : 0,
    detailRadius: logBetween(rng, 0.006, 0.07),
    clip: [chance(rng, 0.5) ? rng.between(0, 0.06) : 0, chance(rng, 0.5) ? rng.between(0, 0.06) : 0],
    range: [rng.uniform() * (1 - span), span],
    gamma: logBetween(rng, 0.55, 1.8),
    vignette: chance(rng, 0.25) ? rng.between(-0.3, 0.6) : 0,
    inverted: chance(rng, 0.35),
    marks: chance(rng, 0.25),
    blocking: chance(rng, 0.3) ? logBetween(rng, 0.01, 0.09) : 0,
  };
}

/** The picture in [0, 1], and what it would be without noise, marks and compression: what is to be seen in it. */
export interface Exposed {
  readonly grey: Float32Array;
  readonly clean: Float32Array;
}

export function expose(rng: Rng, field: Float32Array, size: Size, exposure: Exposure): Exposed {
  const values = softened(field, size, exposure.blur);
  const [low, high] = percentiles(values, exposure.clip);
  const scale = 1 / Math.max(high - low, 0.05);
  for (let i = 0; i < values.length; i++) values[i] = (values[i]! - low) * scale;
  const clean = values.slice();
  applyTone(clean, size, exposure);
  addNoise(rng, values, size, exposure);
  if (exposure.detail > 0) addDetail(values, size, exposure);
  applyTone(values, size, exposure);
  if (exposure.marks) addMarks(rng, values, size, () => (chance(rng, 0.7) ? 1 : 0));
  if (exposure.blocking > 0) addBlocking(values, size, exposure.blocking);
  return { grey: values, clean };
}

/** Steps of the tone curve's table: many more than there are grey values. */
const TONES = 4096;

function applyTone(values: Float32Array, size: Size, exposure: Exposure): void {
  const { gamma, vignette, inverted } = exposure;
  const [from, span] = exposure.range;
  const curve = Float32Array.from({ length: TONES + 1 }, (_, i) => {
    const value = inverted ? 1 - i / TONES : i / TONES;
    return from + span * value ** gamma;
  });
  for (let y = 0, i = 0; y < size.height; y++) {
    const v = (2 * y) / size.height - 1;
    for (let x = 0; x < size.width; x++, i++) {
      const u = (2 * x) / size.width - 1;
      const value = curve[Math.round(TONES * Math.min(Math.max(values[i]!, 0), 1))]!;
      values[i] = value * (1 - (vignette * (u * u + v * v)) / 2);
    }
  }
}

/** A blur of the given standard deviation in px: three box blurs, or a share of one where it is small. */
function softened(field: Float32Array, size: Size, sigma: number): Float32Array {
  if (sigma < 0.05) return field.slice();
  // Two boxes of radius r have the variance 2 r (r + 1) / 3; between whole radii they are mixed.
  let radius = 1;
  while ((2 * radius * (radius + 1)) / 3 < sigma * sigma) radius++;
  const share = Math.min(1, (sigma * sigma) / ((2 * radius * (radius + 1)) / 3));
  const blurred = boxBlur(boxBlur(field, size, radius), size, radius);
  for (let i = 0; i < blurred.length; i++) blurred[i] = field[i]! + share * (blurred[i]! - field[i]!);
  return blurred;
}

function addNoise(rng: Rng, values: Float32Array, size: Size, exposure: Exposure): void {
  const { noise, noiseSlope, smoothNoise, lines } = exposure;
  const grains = new Float32Array(values.length);
  for (let i = 0; i < grains.length; i++) grains[i] = bell(rng);
  if (smoothNoise) {
    const smooth = boxBlur(grains, size, 1);
    // The mean of nine has a third of the spread.
    for (let i = 0; i < grains.length; i++) grains[i] = 2.5 * smooth[i]!;
  }
  for (let i = 0; i < values.length; i++) {
    const level = Math.min(Math.max(values[i]!, 0), 1) - 0.5;
    values[i]! += noise * (1 + 1.6 * noiseSlope * level) * grains[i]!;
  }
  if (lines.strength === 0) return;
  const offsets = Float32Array.from(
    { length: lines.upright ? size.width : size.height },
    () => lines.strength * rng.normal(),
  );
  for (let y = 0, i = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++, i++) values[i]! += offsets[lines.upright ? x : y]!;
  }
}

/** About normal with spread 1: the sum of three uniforms. */
function bell(rng: Rng): number {
  return 2 * (rng.uniform() + rng.uniform() + rng.uniform() - 1.5);
}

function addDetail(values: Float32Array, size: Size, { detail, detailRadius }: Exposure): void {
  const radius = Math.max(2, Math.round(detailRadius * Math.max(size.height, size.width)));
  const around = boxBlur(boxBlur(values, size, radius), size, radius);
  // Local contrast widens the range; pulled in again so that not too much is clipped.
  const pull = 1 / (1 + 0.35 * detail);
  for (let i = 0; i < values.length; i++) {
    const crisp = values[i]! + detail * (values[i]! - around[i]!);
    values[i] = 0.5 + (crisp - 0.5) * pull;
  }
}

/** The values below which the share `black`, and above which the share `white`, of the pixels lie. */
function percentiles(values: Float32Array, [black, white]: readonly [number, number]): [number, number] {
  const some = new Float32Array(Math.ceil(values.length / 13));
  for (let i = 0; i < some.length; i++) some[i] = values[i * 13]!;
  some.sort();
  const at = (share: number): number => some[Math.round(share * (some.length - 1))]!;
  return [at(black + 0.002), at(1 - white - 0.002)];
}
