/** @file Pixels under a round brush and inside a drawn polygon. Points are in px with pixel centres at whole numbers. */
import type { PointXy, Size } from '../../../src/base/geometry.ts';
import { polygonToRle } from '../../../src/masks/polygon.ts';
import { combined, fromRle, type Span, type TiledMask } from '../masks/tiled-mask.ts';

/** Rows of pixels whose centre is at most `radius` from the straight way between two points. */
export function strokeSpans(from: PointXy, to: PointXy, radius: number): Span[] {
  const [ax, ay] = from;
  const [bx, by] = to;
  const spans: Span[] = [];
  const first = Math.ceil(Math.min(ay, by) - radius);
  const last = Math.floor(Math.max(ay, by) + radius);
  for (let y = first; y <= last; y++) {
    const reach = rowReach(ax, ay, bx, by, radius, y);
    if (reach === undefined) continue;
    const [x0, x1] = [Math.ceil(reach[0]), Math.floor(reach[1]) + 1];
    if (x1 > x0) spans.push({ y, x0, x1 });
  }
  return spans;
}

/** Where the row y enters and leaves the shape: two discs and the band between them, which together are convex. */
function rowReach(
  ax: number,
  ay: number,
  bx: number,
  by: number,
  radius: number,
  y: number,
): [number, number] | undefined {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const cover = (x0: number, x1: number): void => {
    low = Math.min(low, x0);
    high = Math.max(high, x1);
  };
  for (const [cx, cy] of [
    [ax, ay],
    [bx, by],
  ] as const) {
    const half = radius * radius - (y - cy) ** 2;
    if (half >= 0) cover(cx - Math.sqrt(half), cx + Math.sqrt(half));
  }
  const [dx, dy] = [bx - ax, by - ay];
  const length = Math.hypot(dx, dy);
  if (length > 0) {
    // The band's corners lie one radius to each side of both points; a row crosses its four edges.
    const [nx, ny] = [(-dy / length) * radius, (dx / length) * radius];
    const corners: PointXy[] = [
      [ax + nx, ay + ny],
      [bx + nx, by + ny],
      [bx - nx, by - ny],
      [ax - nx, ay - ny],
    ];
    for (let i = 0; i < 4; i++) {
      const [[px, py], [qx, qy]] = [corners[i]!, corners[(i + 1) % 4]!];
      if (py === qy || y < Math.min(py, qy) || y > Math.max(py, qy)) continue;
      const x = px + ((y - py) / (qy - py)) * (qx - px);
      cover(x, x);
    }
  }
  return low > high ? undefined : [low, high];
}

/** The mask with the inside of a polygon set or cleared; fewer than three points change nothing. */
export function withPolygon(mask: TiledMask, points: readonly PointXy[], value: 0 | 1): TiledMask {
  if (points.length < 3) return mask;
  const size: Size = mask;
  const inside = points.map(
    ([x, y]): PointXy => [clamp(x, -size.width, 2 * size.width), clamp(y, -size.height, 2 * size.height)],
  );
  return combined(mask, fromRle(polygonToRle(inside, size)), value);
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
