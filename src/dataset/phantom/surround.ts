/** @file What surrounds the hand: the collimated field, and the lead letter that says which side of the body it is. */
import type { BoxXyxy, PointXy, Size } from '../../base/geometry.ts';
import type { Rng } from '../../base/rng.ts';
import type { BodySide } from './pose.ts';

/** 1 where the beam is open: a slightly turned rectangle that leaves a narrow border. */
export function collimatedField(rng: Rng, size: Size): Uint8Array {
  const { height, width } = size;
  const open = new Uint8Array(height * width).fill(1);
  if (rng.uniform() < 0.35) return open;
  const turn = 0.015 * rng.normal();
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const margin = (): number => rng.between(0, 0.035);
  const [left, right, top, bottom] = [margin(), margin(), margin(), margin()];
  const [halfWidth, halfHeight] = [width / 2, height / 2];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const u = ((x - halfWidth) * cos + (y - halfHeight) * sin) / width;
      const v = ((y - halfHeight) * cos - (x - halfWidth) * sin) / height;
      if (u < left - 0.5 || u > 0.5 - right || v < top - 0.5 || v > 0.5 - bottom) open[y * width + x] = 0;
    }
  }
  return open;
}

type Stroke = readonly [PointXy, PointXy];

/** Letters as strokes in a unit square, y down. */
const LETTERS: Readonly<Record<BodySide, readonly Stroke[]>> = {
  left: [
    [
      [0.15, 0],
      [0.15, 1],
    ],
    [
      [0.15, 1],
      [0.8, 1],
    ],
  ],
  right: [
    [
      [0.15, 0],
      [0.15, 1],
    ],
    [
      [0.15, 0],
      [0.7, 0.08],
    ],
    [
      [0.7, 0.08],
      [0.7, 0.45],
    ],
    [
      [0.7, 0.45],
      [0.15, 0.52],
    ],
    [
      [0.35, 0.52],
      [0.8, 1],
    ],
  ],
};

/** Adds a lead letter in the emptiest corner; it always reads the right way round. */
export function addSideMarker(rng: Rng, attenuation: Float32Array, size: Size, side: BodySide): void {
  const letter = Math.min(size.height, size.width) * rng.between(0.07, 0.1);
  const box = emptiestCorner(attenuation, size, letter * 1.5);
  const turn = 0.12 * rng.normal();
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const [centreX, centreY] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
  const thickness = letter * 0.11;
  const lead = rng.between(1.6, 2.6);
  for (let y = Math.max(0, Math.floor(box[1])); y <= Math.min(size.height - 1, box[3]); y++) {
    for (let x = Math.max(0, Math.floor(box[0])); x <= Math.min(size.width - 1, box[2]); x++) {
      const u = ((x - centreX) * cos + (y - centreY) * sin) / letter + 0.5;
      const v = ((y - centreY) * cos - (x - centreX) * sin) / letter + 0.5;
      const nearest = Math.min(...LETTERS[side].map((stroke) => strokeDistance(stroke, u, v)));
      const cover = Math.min(Math.max(thickness - nearest * letter + 0.5, 0), 1);
      attenuation[y * size.width + x]! += lead * cover;
    }
  }
}

function strokeDistance([[ax, ay], [bx, by]]: Stroke, x: number, y: number): number {
  const [dx, dy] = [bx - ax, by - ay];
  const t = Math.min(Math.max(((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy), 0), 1);
  return Math.hypot(x - ax - t * dx, y - ay - t * dy);
}

/** Of boxes along the left and right border, the one with the least attenuation. */
function emptiestCorner(attenuation: Float32Array, size: Size, side: number): BoxXyxy {
  let best: BoxXyxy = [0, 0, side, side];
  let least = Number.POSITIVE_INFINITY;
  for (const x0 of [size.width * 0.04, size.width * 0.96 - side]) {
    for (const share of [0.05, 0.2, 0.6, 0.75, 0.95]) {
      const y0 = share * (size.height - side);
      let sum = 0;
      for (let y = Math.floor(y0); y < y0 + side; y += 2) {
        for (let x = Math.floor(x0); x < x0 + side; x += 2) sum += attenuation[y * size.width + x] ?? 0;
      }
      if (sum >= least) continue;
      least = sum;
      best = [x0, y0, x0 + side, y0 + side];
    }
  }
  return best;
}
