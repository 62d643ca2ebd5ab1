/**
 * @file From attenuation to a grey image: beam, scatter, blur, photon noise, and the processing that a digital
 * radiography system does before a person sees the picture (logarithm, local contrast, window).
 */
import type { Size } from '../../base/geometry.ts';
import type { Rng } from '../../base/rng.ts';
import { boxBlur } from '../drawing/texture.ts';

/** The settings of one exposure, drawn per image. */
export interface Exposure {
  /** Photons a pixel gets in the open beam. */
  readonly photons: number;
  /** Fraction of the light behind the hand that is scatter; lowers contrast. */
  readonly scatter: number;
  /** Relative change of the beam across the image, along x and y (heel effect). */
  readonly heel: readonly [x: number, y: number];
  /** Share of a 3 x 3 mean mixed into the picture: focal spot and detector. */
  readonly softness: number;
  /** Strength of local contrast. */
  readonly detail: number;
  readonly gamma: number;
  /** Share of the grey range left unused above and below. */
  readonly headroom: number;
}

export function drawExposure(rng: Rng): Exposure {
  return {
    photons: Math.exp(rng.between(Math.log(900), Math.log(9000))),
    scatter: rng.between(0.05, 0.3),
    heel: [0.12 * rng.normal(), 0.12 * rng.normal()],
    softness: rng.between(0.25, 0.8),
    detail: rng.between(0.4, 1.5),
    gamma: rng.between(0.8, 1.3),
    headroom: rng.between(0, 0.12),
  };
}

/** Intensities in [0, 1], bright where much was absorbed. `open` is 1 inside the collimated field. */
export function expose(
  attenuation: Float32Array,
  open: Uint8Array,
  size: Size,
  exposure: Exposure,
  rng: Rng,
): Float32Array {
  const { height, width } = size;
  const through = new Float32Array(attenuation.length);
  for (let i = 0; i < through.length; i++) through[i] = Math.exp(-attenuation[i]!);
  const radius = Math.max(2, Math.round(Math.min(height, width) / 14));
  // Beyond the collimator blades there is no picture; at their edge a penumbra a few px wide gets less light.
  const field = boxBlur(boxBlur(Float32Array.from(open), size, 2), size, 2);
  const haze = boxBlur(boxBlur(through, size, radius), size, radius);
  for (let y = 0; y < height; y++) {
    const beamY = exposure.heel[1] * (y / height - 0.5);
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const beam = 1 + exposure.heel[0] * (x / width - 0.5) + beamY;
      const primary = through[at]! + exposure.scatter * haze[at]!;
      through[at] = beam * primary * (0.45 + 0.55 * field[at]!);
    }
  }
  const smooth = boxBlur(through, size, 1);
  for (let at = 0; at < through.length; at++) {
    const mean = exposure.photons * (through[at]! + exposure.softness * (smooth[at]! - through[at]!));
    // A Poisson count of this size is close to normal with variance = mean; the 2 is read-out noise.
    const counted = mean + Math.sqrt(mean + 2) * rng.normal();
    through[at] = -Math.log(Math.max(counted, 1) / exposure.photons);
  }
  return display(through, open, size, exposure);
}

function display(absorbed: Float32Array, open: Uint8Array, size: Size, exposure: Exposure): Float32Array {
  const radius = Math.max(3, Math.round(Math.min(size.height, size.width) / 16));
  const around = boxBlur(boxBlur(absorbed, size, radius), size, radius);
  const crisp = new Float32Array(absorbed.length);
  for (let i = 0; i < crisp.length; i++) {
    crisp[i] = absorbed[i]! + exposure.detail * (absorbed[i]! - around[i]!);
  }
  // Every seventh pixel is enough for percentiles.
  const seen: number[] = [];
  for (let i = 0; i < crisp.length; i += 7) if (open[i] === 1) seen.push(crisp[i]!);
  const sorted = Float32Array.from(seen).sort();
  const low = sorted[Math.floor(sorted.length * 0.01)]!;
  const high = sorted[Math.floor(sorted.length * 0.997)]!;
  const range = Math.max(high - low, 1e-6);
  for (let i = 0; i < crisp.length; i++) {
    const share = Math.min(Math.max((crisp[i]! - low) / range, 0), 1) ** exposure.gamma;
    crisp[i] = exposure.headroom * 0.5 + share * (1 - exposure.headroom);
  }
  return crisp;
}
