/**
 * @file Measuring the masks of a cell. The labels of val and test come in `Truth`, which besides this file only `run.ts`
 * has, to pass it on and to have some of them drawn; what works are made from holds none of them.
 */
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { writeFileAtomic } from '../base/files.ts';
import { hashJson } from '../base/hash.ts';
import type { Evaluation } from '../evaluate/evaluation.ts';
import { evaluateSet } from '../evaluate/summary.ts';
import type { RunDirectory } from '../pipeline/run-directory.ts';
import { directoryOf, folderOf } from './make.ts';
import type { HeldOut, Truth } from './setup.ts';
import { inOrder, keyOf, type Masks } from './work.ts';

/** Which cell. */
export interface CellName {
  readonly method: string;
  readonly labelled: number;
  readonly seed: number;
}

/** What cell.json holds. */
export interface CellResult extends CellName {
  /** Stands for the masks, the labels and how they are compared. */
  readonly key: string;
  /** Folders of the works behind the figures, relative to the benchmark's. */
  readonly works: readonly string[];
  /** Minutes of training that were planned for its networks. */
  readonly minutes: number;
  readonly results: readonly SplitResult[];
}

export interface SplitResult {
  readonly split: HeldOut;
  /** At the images' own resolution, with surface distances. */
  readonly evaluation: Evaluation;
}

/** The masks of a cell by the split that they are of. */
export type CellMasks = ReadonlyMap<HeldOut, Masks>;

/** The folder of a cell, relative to the benchmark's. */
export function cellFolder({ method, labelled, seed }: CellName): string {
  return `cells/${method}/${labelled}-labels/seed-${seed}`;
}

const pathOf = (run: RunDirectory, name: CellName): string => run.path(cellFolder(name), 'cell.json');

function cellKey(masks: CellMasks, truth: Truth, resamples: number): string {
  const keys = [...masks].map(([split, work]) => [split, keyOf(work), truth.fingerprint(split)]);
  return hashJson({ keys, resamples });
}

/** The figures of a cell that was measured before; undefined where there are none, or masks or labels have changed. */
export async function readCell(
  run: RunDirectory,
  name: CellName,
  masks: CellMasks,
  truth: Truth,
  resamples: number,
): Promise<CellResult | undefined> {
  try {
    const cell = JSON.parse(await readFile(pathOf(run, name), 'utf8')) as CellResult;
    return cell.key === cellKey(masks, truth, resamples) ? cell : undefined;
  } catch {
    return undefined;
  }
}

/** Measures a cell whose works are done, and writes cell.json. */
export async function evaluateCell(
  run: RunDirectory,
  name: CellName,
  masks: CellMasks,
  truth: Truth,
  resamples: number,
): Promise<CellResult> {
  const results: SplitResult[] = [];
  for (const [split, work] of masks) {
    const found = await truth.masks(directoryOf(run, work), folderOf(work), split);
    results.push({ split, evaluation: evaluateSet(truth.read(split), found, { resamples, surface: {} }) });
  }
  const works = [...inOrder([...masks.values()]).values()];
  const cell: CellResult = {
    ...name,
    key: cellKey(masks, truth, resamples),
    works: works.map((work) => relative(run.root, directoryOf(run, work).root)),
    minutes: works.reduce((sum, work) => sum + (work.kind === 'network' ? work.planned.minutes : 0), 0),
    results,
  };
  await writeFileAtomic(pathOf(run, name), `${JSON.stringify(cell)}\n`);
  return cell;
}
