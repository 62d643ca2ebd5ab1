/** @file `packmule demo`: the whole run on phantom radiographs, which are drawn first. */
import { resolve } from 'node:path';
import { Command } from 'commander';
import { writePhantomDataset } from '../dataset/phantom/write.ts';
import { resolveConfig } from '../pipeline/load-config.ts';
import { acquireLock } from '../pipeline/lock.ts';
import { runPipeline } from '../pipeline/run.ts';
import { requireRunOrNothing, runDirectory } from '../pipeline/run-directory.ts';
import { runStage } from '../pipeline/stage.ts';
import { type ActionContext, type ActionResult, defineAction } from './action.ts';
import { collect, deviceOption } from './source.ts';
import { summarise } from './summary.ts';

const PHANTOMS = {
  seed: 7,
  classes: 12,
  size: { height: 256, width: 224 },
  counts: { labelled: 12, val: 10, test: 10, unlabelled: 40 },
};

/**
 * About a minute for each network on two cores. Refiners learn nothing in so little, so that Foal redraws masks as it is
 * shipped; everything else is as in any run.
 */
const SETTINGS = {
  training: { epochs: 60, batch: 4, inputSize: [64, 48] },
  trust: { networks: 1 },
  refine: { refiner: 'foal', adaptSteps: 0 },
};

interface DemoOptions {
  readonly runs: string;
  readonly device?: string;
  readonly set: readonly string[];
}

export function demoCommand(): Command {
  const command = new Command('demo')
    .description('draw phantom radiographs and do the whole run on them, in a few minutes')
    .option('--runs <folder>', 'folder of all runs', 'runs')
    .addOption(deviceOption())
    .option('--set <key=value>', 'override a setting; may be given again', collect, []);
  return defineAction(command, ['packmule demo', 'packmule demo --set training.epochs=150'], demo);
}

async function demo(
  context: ActionContext,
  { runs, device, ...options }: DemoOptions,
): Promise<ActionResult> {
  const { observer, signal } = context;
  const run = runDirectory(resolve(runs, 'demo'));
  const root = run.path('data');
  const set = [...(device === undefined ? [] : [`device=${device}`]), ...options.set];
  const config = resolveConfig({ name: 'demo', data: { root }, ...SETTINGS }, run.root, { set });
  await requireRunOrNothing(run);
  const release = await acquireLock(run.lock);
  try {
    await runStage(
      { run, observer, signal },
      {
        name: 'phantoms',
        title: 'Drawing phantom radiographs',
        inputs: PHANTOMS,
        owns: ['data'],
        outputs: [root],
        work: () =>
          writePhantomDataset(root, {
            ...PHANTOMS,
            onProgress: (done, total) => observer.progress(done / total, `${done} of ${total} images`),
            signal,
          }),
      },
    );
  } finally {
    await release();
  }
  return summarise(await runPipeline(config, { ...context, folder: run.root }));
}
