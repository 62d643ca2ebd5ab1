/** @file The settings that a run was last done with, from its config.json. */
import { readFile } from 'node:fs/promises';
import { RunError } from '../base/errors.ts';
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
