/** @file Shape arithmetic shared by the operators' shape rules. */
import { GraphError } from '../base/errors.ts';
import type { Shape } from './tensor.ts';

/** The shape two shapes broadcast to (numpy's rule), or undefined where they do not fit. */
export function broadcastShapes(a: Shape, b: Shape): number[] | undefined {
  const rank = Math.max(a.length, b.length);
  const out: number[] = [];
  for (let i = 0; i < rank; i++) {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) return undefined;
    out.push(x === 1 ? y : x);
  }
  return out;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

/** An axis counted from the front; negative axes count from the back. */
export function normalizeAxis(axis: number, rank: number): number {
  const normal = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || normal < 0 || normal >= rank) {
    throw new GraphError({
      seen: `Axis ${axis} of a tensor of ${rank} axes`,
      need: `A whole number from ${-rank} to ${rank - 1}`,
      fix: 'Check which axis is meant',
    });
  }
  return normal;
}

/** All axes, or the given ones counted from the front, in ascending order. */
export function normalizeAxes(axes: readonly number[] | undefined, rank: number): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, i) => i);
  return [...new Set(axes.map((axis) => normalizeAxis(axis, rank)))].sort((a, b) => a - b);
}

/** The shape after reducing over axes. */
export function reducedShape(shape: Shape, axes: readonly number[], keepAxes: boolean): number[] {
  return shape.flatMap((size, axis) => (axes.includes(axis) ? (keepAxes ? [1] : []) : [size]));
}
