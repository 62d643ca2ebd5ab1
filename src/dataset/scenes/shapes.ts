/** @file Outlines that several families are made of: blobs, bands along a curve, rounded polygons, smooth bending. */
import type { PointXy } from '../../base/geometry.ts';
import type { Rng } from '../../base/rng.ts';
import { closedSpline } from '../drawing/outline.ts';
import type { PointMap } from './figure.ts';

/** A closed outline around `centre` with the radius that `radiusAt` gives for each angle in rad. */
export function radial(
  radiusAt: (angle: number) => number,
  count: number,
  centre: PointXy = [0, 0],
): Float64Array {
  const out = new Float64Array(2 * count);
  for (let i = 0; i < count; i++) {
    const angle = (2 * Math.PI * i) / count;
    const radius = radiusAt(angle);
    out[2 * i] = centre[0] + radius * Math.cos(angle);
    out[2 * i + 1] = centre[1] + radius * Math.sin(angle);
  }
  return out;
}

export function ellipse(
  centre: PointXy,
  radiusX: number,
  radiusY: number,
  turn = 0,
  count = 40,
): Float64Array {
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const out = new Float64Array(2 * count);
  for (let i = 0; i < count; i++) {
    const angle = (2 * Math.PI * i) / count;
    const [x, y] = [radiusX * Math.cos(angle), radiusY * Math.sin(angle)];
    out[2 * i] = centre[0] + x * cos - y * sin;
    out[2 * i + 1] = centre[1] + x * sin + y * cos;
  }
  return out;
}

/** A function of the angle around 1: `waves` random waves about the outline, low ones strongest. */
export function wobble(rng: Rng, strength: number, waves: number): (angle: number) => number {
  const terms = Array.from({ length: waves }, (_, i) => ({
    times: i + 2,
    height: (strength * rng.normal()) / (i + 1.5),
    phase: rng.between(0, 2 * Math.PI),
  }));
  return (angle) =>
    Math.max(
      0.25,
      terms.reduce((sum, { times, height, phase }) => sum + height * Math.cos(times * angle + phase), 1),
    );
}

/** The outline of a band: `halfWidthAt` to both sides of a curve, round at its ends; t runs from 0 to 1 along it. */
export function band(curve: readonly PointXy[], halfWidthAt: (t: number) => number): Float64Array {
  const last = curve.length - 1;
  const ahead = curve.map((_, i) => unit(curve[Math.max(i - 1, 0)]!, curve[Math.min(i + 1, last)]!));
  const side = (sign: number): PointXy[] =>
    curve.map(([x, y], i) => {
      const half = sign * halfWidthAt(i / last);
      return [x + ahead[i]![1] * half, y - ahead[i]![0] * half];
    });
  const [startX, startY] = ahead[0]!;
  return sharp([
    ...side(1),
    ...cap(curve[last]!, ahead[last]!, halfWidthAt(1)),
    ...side(-1).reverse(),
    ...cap(curve[0]!, [-startX, -startY], halfWidthAt(0)),
  ]);
}

/** A half circle about `centre` that bulges along `direction`, from its left to its right, both left out. */
function cap(centre: PointXy, [dx, dy]: PointXy, radius: number): PointXy[] {
  return Array.from({ length: 5 }, (_, i): PointXy => {
    const angle = (Math.PI * (i + 1)) / 6;
    const [across, along] = [radius * Math.cos(angle), radius * Math.sin(angle)];
    return [centre[0] + dy * across + dx * along, centre[1] - dx * across + dy * along];
  });
}

function unit([x0, y0]: PointXy, [x1, y1]: PointXy): PointXy {
  const length = Math.max(Math.hypot(x1 - x0, y1 - y0), 1e-9);
  return [(x1 - x0) / length, (y1 - y0) / length];
}

/** Points of an open smooth curve through the control points (Catmull-Rom), `steps` a span. */
export function openCurve(control: readonly PointXy[], steps: number): PointXy[] {
  const spans = control.length - 1;
  // The closed spline runs back along the same points, so that its first half is the open one.
  const there = closedSpline([...control, ...control.slice(1, -1).reverse()], steps);
  return Array.from({ length: spans * steps + 1 }, (_, i): PointXy => [there[2 * i]!, there[2 * i + 1]!]);
}

/** Corners as they are. */
export function sharp(points: readonly PointXy[]): Float64Array {
  return Float64Array.from(points.flat());
}

/** Corners cut off `rounds` times at a share `cut` of each side (Chaikin 1974): 0.25 is round, less is sharper. */
export function rounded(points: readonly PointXy[], cut: number, rounds = 3): Float64Array {
  let now = points;
  for (let round = 0; round < rounds; round++) {
    now = now.flatMap(([x0, y0], i): PointXy[] => {
      const [x1, y1] = now[(i + 1) % now.length]!;
      return [
        [x0 + (x1 - x0) * cut, y0 + (y1 - y0) * cut],
        [x1 + (x0 - x1) * cut, y1 + (y0 - y1) * cut],
      ];
    });
  }
  return sharp(now);
}

/** A smooth random displacement of at most about `strength`, in a frame of size 1. */
export function bending(rng: Rng, strength: number): PointMap {
  const waves = Array.from({ length: 3 }, () => {
    const angle = rng.between(0, 2 * Math.PI);
    const times = rng.between(2, 7);
    return {
      kx: Math.cos(angle) * times,
      ky: Math.sin(angle) * times,
      phase: rng.between(0, 2 * Math.PI),
      dx: (strength * rng.normal() * 2) / times,
      dy: (strength * rng.normal() * 2) / times,
    };
  });
  return ([x, y]) => {
    let [sx, sy] = [x, y];
    for (const wave of waves) {
      const value = Math.sin(wave.kx * x + wave.ky * y + wave.phase);
      sx += wave.dx * value;
      sy += wave.dy * value;
    }
    return [sx, sy];
  };
}
