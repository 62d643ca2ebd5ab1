/** @file Closed outlines: spline, the pixels inside, and the distance of a pixel to the outline. */
import type { PointXy, Size } from '../../base/geometry.ts';

/** A closed Catmull-Rom spline through the control points, as x0, y0, x1, y1, ... with `steps` points per span. */
export function closedSpline(control: readonly PointXy[], steps: number): Float64Array {
  const n = control.length;
  const out = new Float64Array(n * steps * 2);
  let at = 0;
  for (let i = 0; i < n; i++) {
    const [p0, p1, p2, p3] = [
      control[(i + n - 1) % n]!,
      control[i]!,
      control[(i + 1) % n]!,
      control[(i + 2) % n]!,
    ];
    for (let step = 0; step < steps; step++) {
      const t = step / steps;
      for (const k of [0, 1] as const) {
        const [a, b, c, d] = [p0[k], p1[k], p2[k], p3[k]];
        out[at++] = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
      }
    }
  }
  return out;
}

/** Calls `visit` with every run of pixels of a row whose centres lie inside the polygon (even-odd rule). */
export function forEachSpan(
  polygon: Float64Array,
  size: Size,
  visit: (y: number, xFirst: number, xLast: number) => void,
): void {
  const n = polygon.length;
  let [top, bottom] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 1; i < n; i += 2) {
    top = Math.min(top, polygon[i]!);
    bottom = Math.max(bottom, polygon[i]!);
  }
  const crossings: number[] = [];
  for (let y = Math.max(0, Math.ceil(top)); y <= Math.min(size.height - 1, Math.floor(bottom)); y++) {
    crossings.length = 0;
    for (let i = 0; i < n; i += 2) {
      const j = i + 2 < n ? i + 2 : 0;
      const [y0, y1] = [polygon[i + 1]!, polygon[j + 1]!];
      if (y0 <= y === y1 <= y) continue;
      crossings.push(polygon[i]! + ((y - y0) / (y1 - y0)) * (polygon[j]! - polygon[i]!));
    }
    crossings.sort((left, right) => left - right);
    for (let k = 0; k + 1 < crossings.length; k += 2) {
      const first = Math.max(0, Math.ceil(crossings[k]!));
      const last = Math.min(size.width - 1, Math.floor(crossings[k + 1]!));
      if (first <= last) visit(y, first, last);
    }
  }
}

/** A function that gives the distance in px of (x, y) to the polygon's nearest edge. */
export function distanceTo(polygon: Float64Array): (x: number, y: number) => number {
  const n = polygon.length / 2;
  const edges = new Float64Array(n * 5);
  for (let i = 0; i < n; i++) {
    const j = (i + 1) % n;
    const [x, y] = [polygon[2 * i]!, polygon[2 * i + 1]!];
    const [dx, dy] = [polygon[2 * j]! - x, polygon[2 * j + 1]! - y];
    edges.set([x, y, dx, dy, 1 / Math.max(dx * dx + dy * dy, 1e-12)], i * 5);
  }
  return (x, y) => {
    let best = Number.POSITIVE_INFINITY;
    for (let e = 0; e < edges.length; e += 5) {
      const px = x - edges[e]!;
      const py = y - edges[e + 1]!;
      const dx = edges[e + 2]!;
      const dy = edges[e + 3]!;
      let t = (px * dx + py * dy) * edges[e + 4]!;
      t = Math.min(Math.max(t, 0), 1);
      const ox = px - t * dx;
      const oy = py - t * dy;
      const squared = ox * ox + oy * oy;
      if (squared < best) best = squared;
    }
    return Math.sqrt(best);
  };
}
