/** @file Prompt ensembles: prompts disturbed at random, and what the answers to them have in common. */

import type { BoxXyxy, Size } from '../base/geometry.ts';
import { meanOf } from '../base/mean.ts';
import type { Rng } from '../base/rng.ts';
import type { Mask } from '../masks/mask.ts';
import { countCoverage, maskAgreement } from '../masks/overlap.ts';
import type { ClassPrompt } from './prompts.ts';

/**
 * The prompt with each edge of its box and its positive seed shifted, uniformly within `spread` of the box's side,
 * and kept in the image; the negative seeds stay.
 */
export function disturbPrompt(prompt: ClassPrompt, spread: number, size: Size, rng: Rng): ClassPrompt {
  const [x0, y0, x1, y1] = prompt.box;
  const [reachX, reachY] = [spread * (x1 - x0 + 1), spread * (y1 - y0 + 1)];
  const shiftX = (x: number): number => clamp(x + rng.between(-reachX, reachX), size.width - 1);
  const shiftY = (y: number): number => clamp(y + rng.between(-reachY, reachY), size.height - 1);
  const [xs, ys] = [ascending(shiftX(x0), shiftX(x1)), ascending(shiftY(y0), shiftY(y1))];
  const box: BoxXyxy = [xs[0], ys[0], xs[1], ys[1]];
  if (prompt.positive === undefined) return { ...prompt, box };
  const [x, y] = prompt.positive;
  return { ...prompt, box, positive: [shiftX(x), shiftY(y)] };
}

/** Mean Dice of a mask with the others; undefined where there are none. */
export function meanAgreement(mask: Mask, others: readonly Mask[]): number | undefined {
  return meanOf(others.map((other) => maskAgreement(mask, other)));
}

/** The pixels that more than half of the masks hold. */
export function majority(masks: readonly [Mask, ...Mask[]]): Mask {
  const [{ height, width }] = masks;
  const data = Uint8Array.from(countCoverage(masks), (count) => (2 * count > masks.length ? 1 : 0));
  return { height, width, data };
}

/**
 * IoU of the masks above `high` and above `low`, of which the first lies in the second; undefined where the second
 * is empty.
 */
export function levelIou(values: Float32Array, low: number, high: number): number | undefined {
  let [above, around] = [0, 0];
  for (const value of values) {
    if (value > low) around++;
    if (value > high) above++;
  }
  return around === 0 ? undefined : above / around;
}

const clamp = (value: number, most: number): number => Math.min(most, Math.max(0, value));
const ascending = (a: number, b: number): readonly [number, number] => (a <= b ? [a, b] : [b, a]);
