/**
 * @file What a training asks for objects by. First a box, a point or a rough mask, as a person or a network would give it; in later
 * rounds the same with a point from where the last answer was wrong and that answer as a mask prompt (Sofiiuk et al.
 * 2022, as SAM), or points alone, those of neighbours as negatives, as the refiner's second pass does.
 */
import type { BoxXyxy, PointXy } from '../base/geometry.ts';
import type { Rng } from '../base/rng.ts';
import { pickWeighted } from '../dataset/scenes/draws.ts';
import type { TrainingPrompt } from '../prompted/prompt-feeds.ts';
import type { PromptPoint } from '../sam/promptable.ts';
import { CELL_PX } from './config.ts';
import type { TrainingObject } from './prepare.ts';
import { sketch } from './sketch.ts';

/** Tokens of the longest prompt: two corners and six points. */
export const MOST_TOKENS = 8;
const MOST_POINTS = 6;

/** How often the first prompt is of each kind. */
const FIRST_PROMPTS = [
  [0.5, 'box'],
  [0.15, 'point'],
  [0.1, 'box and point'],
  [0.25, 'sketch'],
] as const;
/** Standard deviation of a corner as a share of the box's side, drawn up to this for each box. */
const BOX_JITTER = 0.1;
/** Shares of later prompts that keep their box, show the last answer, and are of points of all neighbours. */
const KEEP_BOX = 0.7;
const SHOW_MASK = 0.9;
const SEEDS_SHARE = 0.3;
const MOST_NEGATIVES = 4;

const HALF = 128;

/** How often an object is asked for by what a network drew of it, where one did. */
const ROUGH_SHARE = 0.75;

/** A box with jittered corners, a point inside, both, or a rough mask with its box. */
export function firstPrompt(rng: Rng, object: TrainingObject): TrainingPrompt {
  if (object.rough && rng.uniform() < ROUGH_SHARE) return { ...object.rough, points: [] };
  const kind = pickWeighted(rng, FIRST_PROMPTS);
  if (kind === 'point') return { points: [pointOf(rng, object)] };
  const rough = kind === 'sketch' ? sketch(rng, object) : undefined;
  if (rough) return { ...rough, points: [] };
  const points = kind === 'box and point' ? [pointOf(rng, object)] : [];
  return { box: jittered(rng, object), points };
}

/**
 * The next prompt for object `index` of an image.
 * @param last its prompt of the round before
 * @param logits what that was answered by, [4 gridSize, 4 gridSize]
 */
export function nextPrompt(
  rng: Rng,
  objects: readonly TrainingObject[],
  index: number,
  last: TrainingPrompt,
  logits: Float32Array,
): TrainingPrompt {
  const object = objects[index]!;
  const mask = rng.uniform() < SHOW_MASK ? { mask: logits } : {};
  if (rng.uniform() < SEEDS_SHARE) return { points: seeds(rng, objects, index), ...mask };
  const points = [...last.points, correction(rng, object, logits)].slice(-MOST_POINTS);
  const keepsBox = last.box !== undefined && rng.uniform() < KEEP_BOX;
  return keepsBox ? { box: last.box, points, ...mask } : { points, ...mask };
}

function jittered(rng: Rng, { box: [x0, y0, x1, y1], target }: TrainingObject): BoxXyxy {
  const most = Math.sqrt(target.length) * CELL_PX - 1;
  const share = rng.between(0, BOX_JITTER);
  const [deviationX, deviationY] = [share * (x1 - x0), share * (y1 - y0)];
  const moved = (at: number, deviation: number): number =>
    Math.min(most, Math.max(0, at + deviation * Math.min(2, Math.max(-2, rng.normal()))));
  return [moved(x0, deviationX), moved(y0, deviationY), moved(x1, deviationX), moved(y1, deviationY)];
}

/** A point in the object, and points in others that are not in it. */
function seeds(rng: Rng, objects: readonly TrainingObject[], index: number): PromptPoint[] {
  const { target } = objects[index]!;
  const others = rng.shuffled([...new Set(objects)]).slice(0, rng.below(MOST_NEGATIVES + 1));
  const negatives = others.flatMap((other) => {
    const xy = drawCell(rng, target, (cell) => other.target[cell]! >= HALF && target[cell]! < HALF);
    return xy === undefined ? [] : [{ xy, positive: false }];
  });
  return [pointOf(rng, objects[index]!), ...negatives];
}

/** A point where the answer is wrong, or any in the object where it is right. */
function correction(rng: Rng, object: TrainingObject, logits: Float32Array): PromptPoint {
  const { target } = object;
  const isMissed = (cell: number): boolean => target[cell]! >= HALF && !(logits[cell]! > 0);
  const isInvented = (cell: number): boolean => target[cell]! < HALF && logits[cell]! > 0;
  const xy = drawCell(rng, target, (cell) => isMissed(cell) || isInvented(cell));
  if (xy === undefined) return pointOf(rng, object);
  return { xy, positive: target[cellAt(xy, target)]! >= HALF };
}

/** A point in the object: where it covers cells by half, else where it covers most. */
function pointOf(rng: Rng, { target }: TrainingObject): PromptPoint {
  const most = target.reduce((a, b) => Math.max(a, b), 0);
  const enough = Math.min(HALF, most);
  return { xy: drawCell(rng, target, (cell) => target[cell]! >= enough)!, positive: true };
}

/** A random place in one of the cells that fit. */
function drawCell(rng: Rng, target: Uint8Array, fits: (cell: number) => boolean): PointXy | undefined {
  const cells: number[] = [];
  for (let cell = 0; cell < target.length; cell++) if (fits(cell)) cells.push(cell);
  if (cells.length === 0) return undefined;
  const cell = cells[rng.below(cells.length)]!;
  const side = Math.sqrt(target.length);
  const within = (at: number): number => CELL_PX * at + rng.below(CELL_PX);
  return [within(cell % side), within(Math.floor(cell / side))];
}

function cellAt([x, y]: PointXy, target: Uint8Array): number {
  return Math.floor(y / CELL_PX) * Math.sqrt(target.length) + Math.floor(x / CELL_PX);
}
