/** @file The settings that a run was last done with, and how it was computed, from its config.json. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { RunError } from '../base/errors.ts';
import { DEVICES } from '../runtime/device.ts';
import { PRECISIONS } from '../sam/predictor.ts';
import { type RunConfig, runSchema } from './config.ts';
import type { RunDirectory } from './run-directory.ts';

/** @throws RunError where the folder holds no run, or one of a version with other settings. */
export async function readRecordedConfig(run: RunDirectory): Promise<RunConfig> {
  const text = await readFile(run.config, 'utf8').catch((cause: unknown) => {
    throw new RunError(
      {
        seen: `${run.root} holds no run: there is no config.json`,
        need: 'The folder of a run, such as runs/demo',
        fix: 'Name that folder, or make a run with `packmule run` or `packmule demo`',
      },
      { cause },
    );
  });
  try {
    return runSchema.parse((JSON.parse(text) as { readonly config: unknown }).config);
  } catch (cause) {
    throw new RunError(
      {
        seen: `${run.config} is damaged or of another version of Packmule`,
        need: 'The settings that a run writes before it begins',
        fix: 'Start the run again with `packmule run`: it writes them anew and keeps what is done',
      },
      { cause },
    );
  }
}

/** Records from before there was a choice of devices name none: the CPU. */
const computeSchema = z.object({
  device: z.enum(DEVICES).default('cpu'),
  threads: z.int().min(1).optional(),
  /** Of Segment Anything, where that was the refiner. */
  precision: z.enum(PRECISIONS).optional(),
});

/** How a run was last computed; nothing where it has no record of that. */
export async function recordedCompute(run: RunDirectory): Promise<Partial<z.infer<typeof computeSchema>>> {
  try {
    return computeSchema.parse(JSON.parse(await readFile(run.config, 'utf8')));
  } catch {
    return {};
  }
}
