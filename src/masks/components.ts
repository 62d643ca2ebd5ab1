/**
 * @file Connected components of a mask, by runs and union-find (two passes: join the runs of neighbouring rows,
 * then paint the labels).
 */
import type { Size } from '../base/geometry.ts';
import { emptyMask, type Mask } from './mask.ts';

/** 4: pixels touch by an edge; 8: by an edge or a corner. */
export type Connectivity = 4 | 8;

export interface Components extends Size {
  /** Row-major; 0 is background, 1..count the components in row-major order of their first pixels. */
  readonly labels: Int32Array;
  readonly count: number;
  /** `areas[label]` in px; `areas[0]` is the area of the background. */
  readonly areas: Int32Array;
}

/** Labels the connected components of a mask. */
export function labelComponents(mask: Mask, connectivity: Connectivity = 8): Components {
  const { height, width } = mask;
  const runs = findRuns(mask);
  const parent = joinRuns(runs, mask, connectivity === 8 ? 1 : 0);

  // A root is the first run of its component, so that counting roots in order numbers components in order.
  const labelOfRoot = new Int32Array(parent.length);
  const labels = new Int32Array(height * width);
  const areas: number[] = [height * width];
  let count = 0;
  for (let run = 0; run < parent.length; run++) {
    const root = findRoot(parent, run);
    if (root === run) {
      labelOfRoot[run] = ++count;
      areas.push(0);
    }
    const label = labelOfRoot[root]!;
    const start = runs.starts[run]!;
    const end = runs.ends[run]!;
    // Runs of a few pixels are the rule in noise, for which a call of fill costs more than a loop.
    for (let i = start; i < end; i++) labels[i] = label;
    const length = end - start;
    areas[label]! += length;
    areas[0]! -= length;
  }
  return { height, width, labels, count, areas: Int32Array.from(areas) };
}

/** Mean of `values` (row-major, length height x width) over each component, indexed by label; 0 at index 0. */
export function componentMeans(components: Components, values: ArrayLike<number>): Float64Array {
  const sums = new Float64Array(components.count + 1);
  const { labels, areas } = components;
  for (let i = 0; i < labels.length; i++) if (labels[i] !== 0) sums[labels[i]!]! += values[i]!;
  for (let label = 1; label <= components.count; label++) sums[label]! /= areas[label]!;
  return sums;
}

/** The mask of one component. */
export function componentMask(components: Components, label: number): Mask {
  const mask = emptyMask(components);
  for (let i = 0; i < mask.data.length; i++) mask.data[i] = components.labels[i] === label ? 1 : 0;
  return mask;
}

/** Runs of set pixels in row-major order, as half-open index ranges; run `firstOfRow[y]` is the first of row y. */
interface Runs {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly firstOfRow: Int32Array;
}

function findRuns({ height, width, data }: Mask): Runs {
  const starts: number[] = [];
  const ends: number[] = [];
  const firstOfRow = new Int32Array(height + 1);
  for (let y = 0; y < height; y++) {
    firstOfRow[y] = starts.length;
    const end = (y + 1) * width;
    let i = y * width;
    while (i < end) {
      if (data[i] === 0) {
        i++;
        continue;
      }
      starts.push(i);
      while (i < end && data[i] !== 0) i++;
      ends.push(i);
    }
  }
  firstOfRow[height] = starts.length;
  return { starts, ends, firstOfRow };
}

/** The union-find forest of all runs; every root is the smallest run of its tree. */
function joinRuns({ starts, ends, firstOfRow }: Runs, { height, width }: Size, reach: 0 | 1): Int32Array {
  const parent = Int32Array.from(starts, (_, run) => run);
  for (let y = 1; y < height; y++) {
    let above = firstOfRow[y - 1]!;
    const aboveEnd = firstOfRow[y]!;
    for (let run = firstOfRow[y]!; run < firstOfRow[y + 1]!; run++) {
      const start = starts[run]! - width - reach;
      const end = ends[run]! - width + reach;
      while (above < aboveEnd && ends[above]! <= start) above++;
      // The last run met may reach on to the next run of this row, so it is looked at again.
      for (let other = above; other < aboveEnd && starts[other]! < end; other++) join(parent, other, run);
    }
  }
  return parent;
}

function findRoot(parent: Int32Array, run: number): number {
  let at = run;
  while (parent[at]! !== at) {
    parent[at] = parent[parent[at]!]!;
    at = parent[at]!;
  }
  return at;
}

function join(parent: Int32Array, a: number, b: number): void {
  const rootA = findRoot(parent, a);
  const rootB = findRoot(parent, b);
  if (rootA < rootB) parent[rootB] = rootA;
  else parent[rootA] = rootB;
}
