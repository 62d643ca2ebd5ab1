/** @file Reading the checkpoint of the promptable model before hours of work depend on it. */
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CheckpointError } from '../../base/errors.ts';
import { hashFile } from '../../base/hash.ts';
import { loadSamCheckpoint } from '../../sam/checkpoint.ts';
import type { RunConfig } from '../config.ts';
import { type RunContext, runStage, type StageOutcome } from '../stage.ts';

/** Its key stands for the content of the checkpoint. @throws CheckpointError for one that cannot be used. */
export async function checkModelStage(
  context: RunContext,
  { checkpoint = '', preprocessing }: RunConfig['sam'],
): Promise<StageOutcome> {
  return runStage(context, {
    name: 'checkModel',
    title: 'Checking the promptable model',
    inputs: { preprocessing, files: await hashCheckpoint(checkpoint) },
    owns: [],
    outputs: [],
    work: async () => {
      await loadSamCheckpoint(checkpoint);
    },
  });
}

/** Hashes of the files, so that moving or copying a checkpoint changes nothing. */
async function hashCheckpoint(path: string): Promise<string[]> {
  try {
    const isFolder = (await stat(path)).isDirectory();
    const files = isFolder
      ? [join(path, 'model.safetensors'), join(path, 'config.json')]
      : [path, join(dirname(path), 'config.json')];
    return await Promise.all(files.filter(existsSync).map(hashFile));
  } catch (cause) {
    throw new CheckpointError(
      {
        seen: `The checkpoint ${path} cannot be read`,
        need: 'A .pth file, or a folder with config.json and model.safetensors',
        fix: 'Correct sam.checkpoint, or set refine.refiner to random-walker',
      },
      { cause },
    );
  }
}
