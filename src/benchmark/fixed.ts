/**
 * @file What is fixed before the first cell of a benchmark and never changes after it: which image is in which split,
 * in which order, the device, and the threads of a work. It lies in benchmark.json.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { RunError } from '../base/errors.ts';
import { createFileAtomic, writeFileAtomic } from '../base/files.ts';
import { systemCode } from '../base/system-code.ts';
import { PACKMULE_VERSION } from '../base/version.ts';
import type { CheckedDataset } from '../dataset/check.ts';
import { casesOf, SPLIT_NAMES, type SplitName } from '../dataset/types.ts';
import type { RunConfig } from '../pipeline/config.ts';
import type { RunDirectory } from '../pipeline/run-directory.ts';
import type { RunContext } from '../pipeline/stage.ts';
import { DEVICES, type Device } from '../runtime/device.ts';

const imageList = z.array(z.strictObject({ id: z.string(), sha256: z.string() }));

const fixedSchema = z.strictObject({
  packmule: z.string(),
  device: z.enum(DEVICES),
  /** Of each work; they show in the last bits. Benchmarks from before it was written have that of all cores. */
  threads: z.int().min(1).optional(),
  /** Images in their order: n labels are the first n of `labelled`. */
  splits: z.strictObject({ labelled: imageList, val: imageList, test: imageList, unlabelled: imageList }),
});

type Fixed = z.infer<typeof fixedSchema>;
type ImageList = z.infer<typeof imageList>;

const pathOf = (run: RunDirectory): string => run.path('benchmark.json');

/** What an earlier start has fixed; undefined where this is the first. @throws RunError where it cannot be read. */
export async function readFixed(run: RunDirectory): Promise<Fixed | undefined> {
  try {
    return fixedSchema.parse(JSON.parse(await readFile(pathOf(run), 'utf8')));
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return undefined;
    throw new RunError(
      {
        seen: `${pathOf(run)} is damaged or cannot be read`,
        need: 'The splits that were fixed when this benchmark began',
        fix: 'Put the file back from a copy, or begin anew in another folder with --out',
      },
      { cause },
    );
  }
}

/**
 * Writes what is fixed where this is the first start, else compares the splits with those that were `fixed`. False where
 * another process was the first meanwhile: what that has fixed holds.
 * @throws RunError where splits differ.
 */
export async function fixSplits(
  { run, shard }: Pick<RunContext, 'run' | 'shard'>,
  fixed: Fixed | undefined,
  checked: CheckedDataset,
  { device, threads }: { readonly device: Device; readonly threads: number },
): Promise<boolean> {
  const listed = (split: SplitName): ImageList =>
    casesOf(checked.dataset, split).map(({ id }) => ({ id, sha256: checked.imageHashes.get(id)! }));
  const splits = {
    labelled: listed('labelled'),
    val: listed('val'),
    test: listed('test'),
    unlabelled: listed('unlabelled'),
  };
  if (fixed === undefined)
    return createFileAtomic(pathOf(run), textOf({ packmule: PACKMULE_VERSION, device, threads, splits }));
  for (const split of SPLIT_NAMES) requireSame(run, split, fixed.splits[split], splits[split]);
  // A process that does a part writes nothing.
  if (fixed.threads === undefined && shard === undefined)
    await writeFileAtomic(pathOf(run), textOf({ ...fixed, threads }));
  return true;
}

const textOf = (record: Fixed): string => `${JSON.stringify(record, null, 1)}\n`;

/** @throws RunError where the user names another device or number of threads than those that are fixed. */
export function requireFixed(
  { root }: RunDirectory,
  fixed: Required<Pick<Fixed, 'device' | 'threads'>>,
  { device, threads = fixed.threads }: Pick<RunConfig, 'device' | 'threads'>,
): void {
  const asked = { device: device === 'auto' ? fixed.device : device, threads };
  for (const name of ['device', 'threads'] as const) {
    if (asked[name] === fixed[name]) continue;
    throw new RunError({
      seen: `${name} is ${asked[name]}, and was ${fixed[name]} when the benchmark in ${root} began`,
      need: 'All works of a benchmark are done alike, as device and threads show in their last bits',
      fix: `Leave ${name} out, or begin a new benchmark with --out`,
    });
  }
}

function requireSame(run: RunDirectory, split: SplitName, before: ImageList, now: ImageList): void {
  const at = Math.max(before.length, now.length);
  for (let i = 0; i < at; i++) {
    const [a, b] = [before[i], now[i]];
    if (a?.id === b?.id && a?.sha256 === b?.sha256) continue;
    throw new RunError({
      seen: `Image ${i + 1} of the split ${split} is ${b?.id ?? 'missing'}, and was ${describe(a, b)} when the benchmark in ${run.root} began`,
      need: 'All cells of a benchmark learn from and are measured on the same images',
      fix: 'Put the data back, or begin a new benchmark with --out',
    });
  }
}

function describe(
  before: { readonly id: string } | undefined,
  now: { readonly id: string } | undefined,
): string {
  if (before === undefined) return 'not there';
  return before.id === now?.id ? 'another picture of that name' : before.id;
}
