/**
 * @file The outline of a mask as SVG path data.
 *
 * The border between set and unset pixels is followed edge by edge into closed loops, the middles of the edges are
 * taken (which turns stairs into slopes), and points that lie nearly on the line between their neighbours are
 * dropped (Douglas & Peucker 1973). Fill with the even-odd rule, so that holes stay open.
 */
import { type Mask, maskBox } from '../masks/mask.ts';

/** A point in half pixels: pixel (x, y) covers 2x..2x+2, 2y..2y+2, so edge middles are whole numbers. */
type Point = readonly [x: number, y: number];

/** Path data in half pixels, '' for an empty mask. `tolerance` is the largest shift of the outline in px. */
export function outlinePath(mask: Mask, tolerance = 0.6): string {
  return borderLoops(mask)
    .map((loop) => simplifiedLoop(loop, 2 * tolerance))
    .map(loopToPath)
    .join('');
}

const RIGHT = 0;
const DOWN = 1;
const LEFT = 2;
const STEP_X = [1, 0, -1, 0] as const;
const STEP_Y = [0, 1, 0, -1] as const;

/** Closed loops of edge middles around the set pixels, set pixels to the right of the way. */
function borderLoops(mask: Mask): Point[][] {
  const { height, width, data } = mask;
  const at = (x: number, y: number): boolean =>
    x >= 0 && y >= 0 && x < width && y < height && data[y * width + x] === 1;
  /** Whether the edge that leaves corner (x, y) in a direction is on the border, set pixels to its right. */
  const isBorder = (x: number, y: number, direction: number): boolean => {
    if (direction === RIGHT) return at(x, y) && !at(x, y - 1);
    if (direction === DOWN) return at(x - 1, y) && !at(x, y);
    if (direction === LEFT) return at(x - 1, y - 1) && !at(x - 1, y);
    return at(x, y - 1) && !at(x - 1, y - 1);
  };
  const [x0, y0, x1, y1] = maskBox(mask) ?? [0, 0, -1, -1];
  const loops: Point[][] = [];
  // Every loop has an edge to the right, so starting from those finds all; each is walked once.
  const walked = new Uint8Array((width + 1) * (height + 1));
  for (let y = y0; y <= y1; y++) {
    for (let x = x0; x <= x1; x++) {
      if (!isBorder(x, y, RIGHT) || walked[y * (width + 1) + x] === 1) continue;
      loops.push(
        walkLoop(x, y, isBorder, (cx, cy) => {
          walked[cy * (width + 1) + cx] = 1;
        }),
      );
    }
  }
  return loops;
}

function walkLoop(
  startX: number,
  startY: number,
  isBorder: (x: number, y: number, direction: number) => boolean,
  markRight: (x: number, y: number) => void,
): Point[] {
  const points: Point[] = [];
  let [x, y, direction] = [startX, startY, RIGHT];
  do {
    if (direction === RIGHT) markRight(x, y);
    points.push([2 * x + STEP_X[direction]!, 2 * y + STEP_Y[direction]!]);
    x += STEP_X[direction]!;
    y += STEP_Y[direction]!;
    // At a corner where two set pixels touch diagonally, turning right keeps each loop around its own pixel.
    direction = [(direction + 1) % 4, direction, (direction + 3) % 4].find((next) => isBorder(x, y, next))!;
  } while (x !== startX || y !== startY || direction !== RIGHT);
  return points;
}

/** Cuts the loop at its first point and the point farthest from it, and simplifies both halves. */
function simplifiedLoop(loop: readonly Point[], tolerance: number): Point[] {
  const [first] = loop as [Point, ...Point[]];
  let far = 0;
  let farthest = -1;
  for (let i = 0; i < loop.length; i++) {
    const distance = Math.hypot(loop[i]![0] - first[0], loop[i]![1] - first[1]);
    if (distance > farthest) [farthest, far] = [distance, i];
  }
  const there = simplified(loop.slice(0, far + 1), tolerance);
  const back = simplified([...loop.slice(far), first], tolerance);
  const points = [...there.slice(0, -1), ...back.slice(0, -1)];
  return points.length > 2 ? points : [...loop];
}

function simplified(points: readonly Point[], tolerance: number): Point[] {
  const [a, b] = [points[0]!, points.at(-1)!];
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
  let [worst, at] = [0, 0];
  for (let i = 1; i < points.length - 1; i++) {
    const [x, y] = points[i]!;
    const off = Math.abs((b[0] - a[0]) * (a[1] - y) - (a[0] - x) * (b[1] - a[1])) / length;
    if (off > worst) [worst, at] = [off, i];
  }
  if (worst <= tolerance) return [a, b];
  return [
    ...simplified(points.slice(0, at + 1), tolerance).slice(0, -1),
    ...simplified(points.slice(at), tolerance),
  ];
}

/** Steps relative to the point before, which are shorter to write. */
function loopToPath(loop: readonly Point[]): string {
  const steps = loop.slice(1).map(([x, y], i) => {
    const dy = y - loop[i]![1];
    return `${x - loop[i]![0]}${dy < 0 ? '' : ' '}${dy}`;
  });
  const joined = steps.reduce(
    (out, step) => out + (out === '' || step.startsWith('-') ? '' : ' ') + step,
    '',
  );
  return `M${loop[0]![0]} ${loop[0]![1]}l${joined}z`;
}
