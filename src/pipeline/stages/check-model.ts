/** @file Getting and reading the promptable model before hours of work depend on it. */
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CheckpointError } from '../../base/errors.ts';
import { hashFile } from '../../base/hash.ts';
import { type ChosenModel, verifyModel } from '../../models/resolve.ts';
import type { askedModel } from '../../refine/settings.ts';
import { requireExactBytes } from '../../runtime/eight-bit.ts';
import { loadSamCheckpoint } from '../../sam/checkpoint.ts';
import { samName } from '../../sam/config.ts';
import { obtainSam, type SamChoice } from '../sam-model.ts';
import { type RunContext, runStage, type StageOutcome } from '../stage.ts';

/**
 * Its key stands for the content of the checkpoint. A model that is not here is downloaded first, unless masks
 * with their trust show that it did its work already.
 * @throws CheckpointError for a model that cannot be had or used.
 */
export async function checkModelStage(
  context: RunContext,
  sam: SamChoice,
  asked: ReturnType<typeof askedModel>,
): Promise<StageOutcome> {
  const { chosen, preprocessing, precision } = sam;
  if (!existsSync(context.run.trust)) await obtainSam(sam, context);
  return runStage(context, {
    name: 'checkModel',
    title: 'Checking the promptable model',
    inputs: { preprocessing, precision, files: await hashModel(chosen), ...(asked === 'foal' && { asked }) },
    owns: [],
    outputs: [],
    work: async () => {
      const path = await obtainSam(sam, context);
      if (precision === 'int8') await requireExactBytes();
      await verifyModel(chosen, path);
      const { config } = await loadSamCheckpoint(path);
      if (asked === 'foal' && config.encoder.kind !== 'conv') throw noFoal(path, samName(config));
    },
  });
}

function noFoal(path: string, name: string): CheckpointError {
  return new CheckpointError({
    seen: `${path} is ${name}, and the refiner asks Foal`,
    need: 'A file that packmule foal train or packmule adapt has written, or none: Foal comes with Packmule',
    fix: 'Leave out sam.model, or let that model refine: --refiner sam',
  });
}

/** Hashes of the files, so that moving or copying a checkpoint changes nothing. */
async function hashModel(chosen: ChosenModel): Promise<string[]> {
  if ('entry' in chosen) return [chosen.entry.sha256];
  const { path } = chosen;
  const isFolder = (await stat(path)).isDirectory();
  const files = isFolder
    ? [join(path, 'model.safetensors'), join(path, 'config.json')]
    : [path, join(dirname(path), 'config.json')];
  return Promise.all(files.filter(existsSync).map(hashFile));
}
