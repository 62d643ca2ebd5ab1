/**
 * @file Polygons to masks, by the two rules that annotation files are commonly made for. Pixel centres are at
 * whole numbers for the first and at halves for the second; each is kept as its tools have it.
 *
 * - `polygonToRle`: a pixel is set when its centre is inside by the even-odd rule, on an edge or on a vertex, as in
 *   scikit-image's polygon2mask (point in polygon after O'Rourke, Computational Geometry in C, section 7.4).
 * - `cocoPolygonToRle`: COCO's rule (Lin et al. 2014, its mask API): the outline is drawn on a grid five times as
 *   fine and its crossings of the pixel columns' middles are where runs begin and end.
 */
import { AnnotationError } from '../base/errors.ts';
import type { PointXy, Size } from '../base/geometry.ts';
import type { Mask } from './mask.ts';
import { checkMaskSize, decodeRle, encodeRegion, type Rle, rleFromCounts } from './rle.ts';

/** Distance in px below which a pixel centre counts as a vertex. */
const VERTEX_TOLERANCE = 1e-12;

/** How many times finer than pixels COCO draws outlines. */
const COCO_SCALE = 5;

/** `polygonToRle` as a mask of `size`. */
export function rasterizePolygon(points: readonly PointXy[], size: Size): Mask {
  return decodeRle(polygonToRle(points, size));
}

/**
 * Pixels whose centre (whole numbers) is inside the closed polygon, on an edge or on a vertex. What lies outside
 * the image is cut off. `where` names the annotation in errors.
 * @throws AnnotationError for fewer than three points and for far too many, coordinates that are no numbers, and points
 * further outside the image than the image is large: those belong to another image.
 */
export function polygonToRle(points: readonly PointXy[], size: Size, where = 'A shape'): Rle {
  checkPolygon(points, size, where);
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const left = Math.max(0, Math.floor(least(xs)));
  const top = Math.max(0, Math.floor(least(ys)));
  const width = Math.min(size.width - 1, Math.ceil(greatest(xs))) - left + 1;
  const height = Math.min(size.height - 1, Math.ceil(greatest(ys))) - top + 1;
  if (width <= 0 || height <= 0) {
    return encodeRegion({ height: 0, width: 0, data: new Uint8Array(0) }, 0, 0, size);
  }

  // The parity of crossings to the right of a pixel, and of those to its left, as toggles along each row: a pixel
  // is outside only when both are even (they differ on edges).
  const region: Mask = { height, width, data: new Uint8Array(height * width) };
  const toggles: Mask = { height, width: width + 1, data: new Uint8Array(height * (width + 1)) };
  let [x1, y1] = points[points.length - 1]!;
  for (const [x0, y0] of points) {
    markEdge(toggles, x0 - left, y0 - top, x1 - left, y1 - top);
    [x1, y1] = [x0, y0];
  }
  for (let y = 0; y < height; y++) {
    let parity = 0;
    for (let x = 0; x < width; x++) {
      parity ^= toggles.data[y * (width + 1) + x]!;
      region.data[y * width + x] = parity === 0 ? 0 : 1;
    }
  }
  for (const [x, y] of points) {
    const [column, row] = [Math.round(x), Math.round(y)];
    if (Math.abs(x - column) >= VERTEX_TOLERANCE || Math.abs(y - row) >= VERTEX_TOLERANCE) continue;
    const [c, r] = [column - left, row - top];
    if (c >= 0 && c < width && r >= 0 && r < height) region.data[r * width + c] = 1;
  }
  return encodeRegion(region, left, top, size);
}

/** In `toggles`, bit 0 is the parity of crossings to the right and bit 1 of those to the left. */
const RIGHT = 1;
const LEFT = 2;

/**
 * Toggles, in each row that the edge crosses, the pixels left of the crossing (for which it is to the right) and
 * those right of it. The two differ in which end of the edge counts, so that edges through pixel centres show.
 */
function markEdge(toggles: Mask, x0: number, y0: number, x1: number, y1: number): void {
  const { height, data } = toggles;
  const stride = toggles.width;
  const last = Math.min(height - 1, Math.floor(Math.max(y0, y1)));
  for (let y = Math.max(0, Math.ceil(Math.min(y0, y1))); y <= last; y++) {
    const [a, b] = [y0 - y, y1 - y];
    const row = y * stride;
    if (a > 0 !== b > 0) {
      data[row]! ^= RIGHT;
      data[row + firstPixel(x0, a, x1, b, stride - 1, (side) => !(side > 0))]! ^= RIGHT;
    }
    if (a < 0 !== b < 0) {
      data[row + firstPixel(x0, a, x1, b, stride - 1, (side) => side < 0)]! ^= LEFT;
    }
  }
}

/**
 * The first x in [0, count] from which `passed` holds for the position of the crossing relative to x. The
 * expression is evaluated near the crossing as scikit-image evaluates it, so that rounding falls the same way.
 */
function firstPixel(
  x0: number,
  a: number,
  x1: number,
  b: number,
  count: number,
  passed: (side: number) => boolean,
): number {
  const at = (x: number): boolean => passed(((x0 - x) * b - (x1 - x) * a) / (b - a));
  let x = Math.min(count, Math.max(0, Math.round((x0 * b - x1 * a) / (b - a))));
  while (x > 0 && at(x - 1)) x--;
  while (x < count && !at(x)) x++;
  return x;
}

/**
 * COCO's rasterisation of one closed polygon. Pixel centres are at halves: a box (0, 0)-(2, 2) is four pixels.
 * @throws AnnotationError as polygonToRle.
 */
export function cocoPolygonToRle(points: readonly PointXy[], size: Size, where = 'A shape'): Rle {
  checkPolygon(points, size, where);
  const { height, width } = size;
  const fine = points.map(
    ([x, y]): PointXy => [Math.trunc(COCO_SCALE * x + 0.5), Math.trunc(COCO_SCALE * y + 0.5)],
  );
  // Where runs change, as column-major pixel indices.
  const changes: number[] = [];
  for (let i = 0; i < fine.length; i++) {
    walkEdge(fine[i]!, fine[(i + 1) % fine.length]!, (u, v, previousU, previousV) => {
      if (u === previousU) return;
      const x = (Math.min(u, previousU) + 0.5) / COCO_SCALE - 0.5;
      if (!Number.isInteger(x) || x < 0 || x > width - 1) return;
      const y = (Math.min(v, previousV) + 0.5) / COCO_SCALE - 0.5;
      changes.push(x * height + Math.ceil(Math.min(height, Math.max(0, y))));
    });
  }
  changes.sort((a, b) => a - b);
  changes.push(height * width);
  return rleFromCounts(
    changes.map((position, i) => position - (changes[i - 1] ?? 0)),
    size,
  );
}

/** Visits the pairs of neighbouring grid points on the straight line from `start` to `end`. */
function walkEdge(
  start: PointXy,
  end: PointXy,
  visit: (u: number, v: number, previousU: number, previousV: number) => void,
): void {
  const [dx, dy] = [Math.abs(end[0] - start[0]), Math.abs(end[1] - start[1])];
  const steps = Math.max(dx, dy);
  const flat = dx >= dy;
  // Lines are drawn from their lower end, so that both directions give the same points.
  const flip = flat ? start[0] > end[0] : start[1] > end[1];
  const [from, to] = flip ? [end, start] : [start, end];
  const slope = flat ? (to[1] - from[1]) / dx : (to[0] - from[0]) / dy;
  let [previousU, previousV] = start;
  for (let step = 1; step <= steps; step++) {
    const t = flip ? steps - step : step;
    const u = flat ? from[0] + t : Math.trunc(from[0] + slope * t + 0.5);
    const v = flat ? Math.trunc(from[1] + slope * t + 0.5) : from[1] + t;
    visit(u, v, previousU, previousV);
    [previousU, previousV] = [u, v];
  }
}

/** Points of a polygon, and px of its outline, at most: what has more was not drawn, and would take long. */
const MAX_POINTS = 100_000;
const MAX_OUTLINE = 10_000_000;

/** For readers, before they make points of so many coordinates. @throws AnnotationError where there are too many. */
export function checkPointCount(count: number, where: string): void {
  if (count > MAX_POINTS) throw tooLong(where, `of ${count} points`);
}

function tooLong(where: string, what: string): AnnotationError {
  return new AnnotationError({
    seen: `${where} is a polygon ${what}`,
    need: `A polygon has ${MAX_POINTS} points and an outline of ${MAX_OUTLINE} px at most`,
    fix: 'Check that it is the outline of a structure; a mask so detailed is better kept as run lengths',
  });
}

function checkPolygon(points: readonly PointXy[], size: Size, where: string): void {
  checkMaskSize(size, where);
  checkPointCount(points.length, where);
  if (points.length < 3) {
    throw new AnnotationError({
      seen: `${where} is a polygon of ${points.length} points`,
      need: 'A polygon has at least three points',
      fix: 'Remove it or draw it again',
    });
  }
  let outline = 0;
  let [x0, y0] = points.at(-1)!;
  for (const [x, y] of points) {
    outline += Math.max(Math.abs(x - x0), Math.abs(y - y0));
    [x0, y0] = [x, y];
    const near = x >= -size.width && x <= 2 * size.width && y >= -size.height && y <= 2 * size.height;
    if (near) continue;
    throw new AnnotationError({
      seen: `${where} has a point at (${x}, ${y}) in an image of ${size.width} x ${size.height} pixels`,
      need: 'Coordinates are finite numbers in or near the image',
      fix: 'Check that the annotation belongs to this image and was made at its size',
    });
  }
  if (outline > MAX_OUTLINE) throw tooLong(where, `with an outline of ${Math.round(outline)} px`);
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
}

function greatest(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
}
