/**
 * @file Outlines of masks along the edges of their pixels, with corners at whole numbers and pixel centres at halves:
 * filled by the even-odd rule they are the mask again, to the pixel.
 */
import type { PointXy } from '../base/geometry.ts';
import { labelComponents } from './components.ts';
import type { Mask } from './mask.ts';

/** Steps along pixel edges, clockwise on the screen: right, down, left, up. */
const STEPS: readonly PointXy[] = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
];

/**
 * One closed ring for each part of a mask that hangs together by edges: its outer edge and, joined to it by a seam
 * that is walked in both directions and so encloses nothing, the edges of its holes.
 */
export function maskOutlines(mask: Mask): PointXy[][] {
  const { labels } = labelComponents(mask, 4);
  const parts = new Map<number, { outer: PointXy[]; holes: PointXy[][] }>();
  for (const { ring, pixel } of traceRings(mask)) {
    const part = parts.get(labels[pixel]!);
    // Rings are found from the top: the first of a part is its outer edge.
    if (part === undefined) parts.set(labels[pixel]!, { outer: ring, holes: [] });
    else part.holes.push(ring);
  }
  return [...parts.values()].map(({ outer, holes }) => holes.reduce(joinHole, outer));
}

/** Every ring of pixel edges with the mask to its right, and a pixel of the mask beside it. */
function traceRings({ height, width, data }: Mask): { ring: PointXy[]; pixel: number }[] {
  const has = (x: number, y: number): boolean =>
    x >= 0 && y >= 0 && x < width && y < height && data[y * width + x] === 1;
  /** Upper edges of pixels that a ring has gone along. */
  const walked = new Uint8Array(data.length);
  const rings: { ring: PointXy[]; pixel: number }[] = [];
  for (let pixel = 0; pixel < data.length; pixel++) {
    const [column, row] = [pixel % width, Math.floor(pixel / width)];
    if (data[pixel] === 0 || walked[pixel] === 1 || has(column, row - 1)) continue;
    const ring: PointXy[] = [];
    let [x, y, heading] = [column, row, 0];
    do {
      if (heading === 0) walked[y * width + x] = 1;
      const [dx, dy] = STEPS[heading]!;
      [x, y] = [x + dx, y + dy];
      // The two pixels ahead of this corner, to the right and to the left of the heading.
      const right = has(...ahead(x, y, heading, true));
      const turn = right ? (has(...ahead(x, y, heading, false)) ? 3 : 0) : 1;
      if (turn !== 0) ring.push([x, y]);
      heading = (heading + turn) % 4;
    } while (x !== column || y !== row || heading !== 0);
    rings.push({ ring, pixel });
  }
  return rings;
}

/** The pixel that touches the corner (x, y) ahead, on the right or the left side of the heading. */
function ahead(x: number, y: number, heading: number, right: boolean): [number, number] {
  const [dx, dy] = STEPS[heading]!;
  const [sx, sy] = right ? [-dy, dx] : [dy, -dx];
  return [x + (dx + sx - 1) / 2, y + (dy + sy - 1) / 2];
}

/** The ring with a hole let in between the two corners of both that are nearest to each other. */
function joinHole(ring: PointXy[], hole: PointXy[]): PointXy[] {
  let [best, from, to] = [Number.POSITIVE_INFINITY, 0, 0];
  ring.forEach(([x, y], i) => {
    hole.forEach(([u, v], j) => {
      const distance = (x - u) ** 2 + (y - v) ** 2;
      if (distance < best) [best, from, to] = [distance, i, j];
    });
  });
  return [...ring.slice(0, from + 1), ...hole.slice(to), ...hole.slice(0, to + 1), ...ring.slice(from)];
}
