/** @file The part of the picture that was exposed: beyond straight blades or a round tube there is one tone. */
import type { Size } from '../../base/geometry.ts';
import type { Rng } from '../../base/rng.ts';
import type { Painted } from './compose.ts';
import { chance } from './draws.ts';

/** 1 where the beam is open, or undefined where it is open everywhere. */
export function drawField(rng: Rng, { height, width }: Size): Uint8Array | undefined {
  if (chance(rng, 0.75)) return undefined;
  const round = chance(rng, 0.25);
  const turn = chance(rng, 0.5) ? 0 : 0.06 * rng.normal();
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const [left, right, top, bottom] = [1, 2, 3, 4].map(() => 0.5 - Math.max(0, rng.between(-0.06, 0.14)));
  const radius = rng.between(0.46, 0.62);
  const open = new Uint8Array(height * width);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const [dx, dy] = [x / width - 0.5, y / height - 0.5];
      const [u, v] = [dx * cos + dy * sin, dy * cos - dx * sin];
      const inside = round
        ? u * u + v * v < radius * radius
        : u > -left! && u < right! && v > -top! && v < bottom!;
      open[i] = inside ? 1 : 0;
    }
  }
  return open;
}

/** Gives what is not exposed one tone, and takes it from the masks. */
export function closeField(
  rng: Rng,
  grey: Float32Array,
  painted: readonly Painted[],
  open: Uint8Array,
): void {
  const tone = chance(rng, 0.75) ? rng.between(0, 0.08) : rng.between(0.9, 1);
  for (let i = 0; i < grey.length; i++) if (open[i] === 0) grey[i] = tone;
  for (const { mask, window } of painted) {
    const [x0, y0, x1, y1] = window;
    for (let y = y0; y <= y1; y++) {
      for (let i = y * mask.width + x0; i <= y * mask.width + x1; i++) mask.data[i]! &= open[i]!;
    }
  }
}
