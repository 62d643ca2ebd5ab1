/** @file The run that is killed: phantoms and networks so small that it takes seconds, and every stage some of them. */
import { writePhantomDataset } from '../../src/dataset/phantom/write.ts';

/** State of a training is saved so often, s: a kill may cost as much. */
export const CHECKPOINT_SECONDS = 0.2;

/** Writes the data into a folder and returns the arguments of the command line for a run of them. */
export async function smallRun(data: string): Promise<string[]> {
  await writePhantomDataset(data, {
    seed: 3,
    classes: 3,
    size: { height: 64, width: 64 },
    counts: { labelled: 4, val: 2, test: 2, unlabelled: 24 },
  });
  const settings = [
    ...['base=4', 'levels=3', 'epochs=6', 'samplesPerEpoch=24', 'batch=4', 'inputSize=[64, 64]'].map(
      (set) => `training.${set}`,
    ),
    'trust.networks=1',
    // Else half of the kills would be in this one stage.
    'refine.closeUpMinutes=0.05',
    `checkpointSeconds=${CHECKPOINT_SECONDS}`,
    'evaluation.resamples=2000',
    'report.pictureSide=128',
    'threads=1',
    'device=cpu',
  ];
  return ['run', data, ...settings.flatMap((set) => ['--set', set])];
}
