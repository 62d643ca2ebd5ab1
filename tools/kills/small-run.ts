/** @file The runs that are killed: phantoms and networks so small that each takes seconds, and every stage some of them. */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writePhantomDataset } from '../../src/dataset/phantom/write.ts';

export interface SmallRun {
  readonly name: string;
  /** Of the command line, without the folder of the run. */
  readonly args: readonly string[];
  /**
   * Runs of networks that one kill may cost, by stage: the steps between two checkpoints and a validation, or what a
   * single image or a single measurement takes.
   */
  readonly mayCost: Readonly<Record<string, number>>;
  /** The stages that are killed; all of them unless set. */
  readonly stages?: readonly string[];
}

/** A checkpoint is due when the clock, which ticks a second a step (see probe.ts), shows more: each second step. */
const CHECKPOINT_SECONDS = 1.5;
const STEPS = 2;
const HELD = { val: 2, test: 2 };

/** Side of what Foal encodes, px. Its weights are the same for every size; a config.json beside them tells it. */
const ENCODED_PX = 64;

/** Writes data and model, that beside the build `dist`, into a folder. Between them the runs have every stage there is. */
export async function smallRuns(dist: string, folder: string): Promise<SmallRun[]> {
  const data = join(folder, 'data');
  await writePhantomDataset(data, {
    seed: 3,
    classes: 3,
    size: { height: 64, width: 64 },
    counts: { labelled: 4, ...HELD, unlabelled: 12 },
  });
  const foal = join(folder, 'foal');
  await mkdir(foal, { recursive: true });
  await copyFile(join(dist, '..', 'weights', 'foal.safetensors'), join(foal, 'model.safetensors'));
  const hints = { model_type: 'sam', vision_config: { image_size: ENCODED_PX } };
  await writeFile(join(foal, 'config.json'), JSON.stringify(hints));
  const settings = [
    ...['base=4', 'levels=3', 'epochs=6', 'samplesPerEpoch=24', 'batch=4', 'inputSize=[64, 64]'].map(
      (set) => `training.${set}`,
    ),
    'trust.networks=1',
    `checkpointSeconds=${CHECKPOINT_SECONDS}`,
    'evaluation.resamples=2000',
    'report.pictureSide=128',
    'threads=1',
    'device=cpu',
  ];
  const argsOf = (...more: string[]): string[] => [
    ...['run', data],
    ...[...settings, ...more].flatMap((set) => ['--set', set]),
  ];
  const always = {
    check: 0,
    initial: STEPS + HELD.val,
    predict: 1,
    folds: STEPS,
    final: STEPS + HELD.val,
    predictFinal: 1,
    evaluate: 0,
    report: 0,
  };
  // A network of close-ups looks at an image up to once for each of 3 classes.
  const lookedAt = 3;
  // Foal encodes it, and says of each of them what it is shown, in one window or two. A copy is measured on two images.
  const asked = 5;
  return [
    {
      name: 'close-up',
      // The shortest there is.
      args: argsOf('refine.refiner=close-up', 'refine.closeUpMinutes=0.01'),
      mayCost: {
        ...always,
        closeUp: Math.max(STEPS, lookedAt),
        refine: lookedAt,
        trust: lookedAt,
        refineFinal: lookedAt,
      },
    },
    {
      name: 'foal',
      // Those that are not as in the other run.
      stages: ['checkModel', 'adapt', 'refine', 'trust', 'refineFinal'],
      args: argsOf(
        'refine.refiner=foal',
        `sam.model=${foal}`,
        'refine.adaptSteps=4',
        'refine.ensemble.jitters=0',
      ),
      mayCost: {
        ...always,
        checkModel: 0,
        adapt: 2 * asked + 1,
        refine: asked,
        trust: asked,
        refineFinal: asked,
      },
    },
  ];
}
