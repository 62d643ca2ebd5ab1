/** @file The cells of a benchmark with the works that they take, in their order; and which of them share none. */
import { type Method, openCell } from './cell.ts';
import type { CellMasks, CellName } from './evaluate.ts';
import type { HeldOut, Setup } from './setup.ts';
import { inOrder, type Work } from './work.ts';

/** What is compared. */
export interface Grid {
  /** The rows; the first is what the others are compared with. */
  readonly methods: readonly Method[];
  /** Numbers of labelled images; all of them where none is given. */
  readonly labelled: readonly number[];
  /** Number of seeds: 1, 2, ... */
  readonly seeds: number;
}

/** A cell with the works that it takes. */
export interface Job {
  readonly name: CellName;
  readonly title: string;
  readonly masks: CellMasks;
  readonly works: ReadonlyMap<string, Work>;
}

/** The cells in the order in which they are done: those of one seed, then of the next; in it by number of labels. */
export function jobsOf(setup: Setup, splits: readonly HeldOut[], { methods, seeds, labelled }: Grid): Job[] {
  const jobs: Job[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    for (const count of countsOf(setup, labelled)) {
      const cell = openCell(setup, count, seed);
      for (const method of methods) {
        const masks = new Map(splits.map((split) => [split, method.masks(cell, split)] as const));
        jobs.push({
          name: { method: method.name, labelled: count, seed },
          title: `${method.title}, ${count} labelled, seed ${seed}`,
          masks,
          works: inOrder([...masks.values()]),
        });
      }
    }
  }
  return jobs;
}

/** In the order of the user; all labelled images where he names no number. */
export function countsOf({ images }: Setup, labelled: readonly number[]): readonly number[] {
  return labelled.length > 0 ? [...new Set(labelled)] : [images.labelled.count];
}

/** Groups of cells of which no two have a work in common: a process can do one without asking who does another. */
export function apart(jobs: readonly Job[]): readonly (readonly Job[])[] {
  let groups: readonly (readonly Job[])[] = [];
  for (const job of jobs) {
    const shares = (group: readonly Job[]): boolean =>
      group.some(({ works }) => [...works.keys()].some((key) => job.works.has(key)));
    const sharing = groups.filter(shares);
    groups = [...groups.filter((group) => !sharing.includes(group)), [...sharing.flat(), job]];
  }
  return groups;
}
