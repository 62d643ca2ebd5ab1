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
 * Writes the splits where this is the first start, else compares them with those that were `fixed`. A process that does a
 * part changes nothing that was fixed. False where another process was the first meanwhile: what that has fixed holds.
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
  const record: Fixed = { packmule: PACKMULE_VERSION, device, threads, splits };
  const text = `${JSON.stringify(record, null, 1)}\n`;
  if (fixed === undefined) return createFileAtomic(pathOf(run), text);
  for (const split of SPLIT_NAMES) requireSame(run, split, fixed.splits[split], splits[split]);
  if (shard === undefined) await writeFileAtomic(pathOf(run), text);
  return true;
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
