/** @file Doing a work: training a network, predicting masks, refining them. Each knows how to go on where it was. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { secondsSince } from '../base/clock.ts';
import { writeFileAtomic } from '../base/files.ts';
import { usualShapes } from '../dataset/shapes.ts';
import { casesOf } from '../dataset/types.ts';
import { FOAL_FILE } from '../foal/task.ts';
import { eachImage } from '../pipeline/each-image.ts';
import { acquireLock } from '../pipeline/lock.ts';
import { readMaskSet, storeMasks, structuresByName, writeMaskSet } from '../pipeline/mask-sets.ts';
import { predictedMasks, selectedMasks, settledMasks } from '../pipeline/network-masks.ts';
import { openRefiner, refineCase } from '../pipeline/refine-images.ts';
import { type MaskFolder, type RunDirectory, runDirectory } from '../pipeline/run-directory.ts';
import { atlasOf } from '../pipeline/settling.ts';
import type { RunContext } from '../pipeline/stage.ts';
import { labelledSamples, pseudoSamples } from '../pipeline/stages/train.ts';
import { readWeights, weightsIn } from '../training/fit.ts';
import { probabilitiesToMasks } from '../training/predictor.ts';
import type { TrainingSample } from '../training/types.ts';
import { meanAgreement } from './agreement.ts';
import type { Setup } from './setup.ts';
import { openSort, trainSort } from './sorts.ts';
import {
  keyOf,
  type Masks,
  type Prediction,
  type Refinement,
  splitOf,
  startOf,
  type Training,
  type Work,
} from './work.ts';

/** Where a work's result is: the same place for the same work. */
export function directoryOf(run: RunDirectory, work: Work): RunDirectory {
  return runDirectory(run.path('work', `${work.kind}-${keyOf(work).slice(0, 16)}`));
}

/** Written last, so that its presence says that the work is finished. */
const recordOf = (run: RunDirectory, work: Work): string => directoryOf(run, work).path('work.json');

/** Whether a work is finished and nobody has deleted what it made. */
export function isDone(run: RunDirectory, work: Work): boolean {
  return [recordOf(run, work), ...outputsOf(run, work)].every(existsSync);
}

function outputsOf(run: RunDirectory, work: Work): string[] {
  const own = directoryOf(run, work);
  switch (work.kind) {
    case 'network':
      // A U-Net may be what another one goes on from.
      return [
        networkOf(run, work),
        ...(work.sort === undefined ? [weightsIn(folderOfNetwork(run, work))] : []),
      ];
    case 'prediction':
      return PREDICTED.map((folder) => own.masks(folder, work.split));
    case 'refinement':
      return [own.masks('refined', splitOf(work))];
  }
}

const folderOfNetwork = (run: RunDirectory, work: Training): string => directoryOf(run, work).path('network');

const networkOf = (run: RunDirectory, work: Training): string =>
  join(folderOfNetwork(run, work), work.sort === 'foal' ? FOAL_FILE : 'model.onnx');

/** As a network draws them, and settled and selected. */
const PREDICTED = ['predicted', 'selected'] as const;

/**
 * Does a work whose sources are done, or the rest of it, and returns the seconds that this took.
 * @throws RunError where another process does it.
 */
export async function doWork(context: RunContext, setup: Setup, work: Work): Promise<number> {
  const { run, shard } = context;
  // A part that was killed on one machine is done again on another.
  const release = await acquireLock(directoryOf(run, work).lock, shard && 'gone');
  const start = performance.now();
  try {
    await perform(context, setup, work);
    const seconds = secondsSince(start);
    await writeFileAtomic(recordOf(run, work), `${JSON.stringify({ seconds, work }, null, 1)}\n`);
    return seconds;
  } finally {
    await release();
  }
}

function perform(context: RunContext, setup: Setup, work: Work): Promise<void> {
  switch (work.kind) {
    case 'network':
      return train(context, setup, work);
    case 'prediction':
      return predict(context, setup, work);
    case 'refinement':
      return refine(context, setup, work);
  }
}

async function train(context: RunContext, setup: Setup, work: Training): Promise<void> {
  const { run, observer, signal } = context;
  const start = startOf(work);
  await trainSort(context, setup, work, {
    samples: await samplesOf(context, setup, work),
    ...(start && { start: await readWeights(folderOfNetwork(run, start)) }),
    directory: folderOfNetwork(run, work),
    seed: work.seed,
    ...setup.compute,
    ...(signal && { signal }),
    onEpoch: ({ epoch, epochs, loss }, secondsLeft) =>
      observer.progress(epoch / epochs, `epoch ${epoch} of ${epochs}, loss ${loss.toFixed(3)}`, secondsLeft),
  });
}

async function samplesOf(
  { run, observer }: RunContext,
  { checked: { dataset }, lessons }: Setup,
  { labelled, pseudo, agreement }: Training,
): Promise<TrainingSample[]> {
  const own = lessons.get(labelled.count)?.cases ?? [];
  if (pseudo === undefined) return labelledSamples(own);
  const split = splitOf(pseudo);
  const masks = await readMaskSet(directoryOf(run, pseudo), folderOf(pseudo), split, dataset);
  const found = structuresByName(masks);
  const pool = casesOf(dataset, split);
  if (agreement === undefined) return pseudoSamples(observer, pool, found, own);
  const agreed = pool.filter((item) => meanAgreement(found.get(item.name) ?? []) >= agreement);
  observer.note(`${agreed.length} of ${pool.length} unlabelled images have masks that agree enough.`);
  return pseudoSamples(observer, agreed, found, own);
}

/** The folder in which a work's masks are; a network's are those that it draws, before selection. */
export function folderOf({ kind }: Masks): MaskFolder {
  return kind === 'prediction' ? 'predicted' : 'refined';
}

async function predict(context: RunContext, setup: Setup, work: Prediction): Promise<void> {
  const { dataset } = setup.checked;
  const { network, split, selection } = work;
  const atlas = work.atlas && atlasOf(dataset, setup.lessons.get(work.atlas.count)!.cases);
  const own = directoryOf(context.run, work);
  const journal = own.path('journal.jsonl');
  const predictor = await openSort(context, setup, network, folderOfNetwork(context.run, network));
  try {
    const { head } = predictor;
    const found = await eachImage(context, casesOf(dataset, split), journal, async (item) => {
      const maps = await predictor.predict(item);
      const masks = probabilitiesToMasks(maps, head);
      return {
        predicted: storeMasks(predictedMasks(maps, masks)),
        selected: storeMasks(
          atlas ? settledMasks(maps, atlas, selection) : selectedMasks(maps, masks, head, selection),
        ),
      };
    });
    for (const folder of PREDICTED)
      await writeMaskSet(own.masks(folder, split), dataset, split, (id) => found.get(id)![folder]);
  } finally {
    await predictor.close();
  }
  await rm(journal, { force: true });
}

async function refine(context: RunContext, setup: Setup, work: Refinement): Promise<void> {
  const { checked, compute, embeddings, models, lessons } = setup;
  const { dataset } = checked;
  const { prediction, settings, model, closeUp, adapted } = work;
  const { split, network } = prediction;
  const own = directoryOf(context.run, work);
  const journal = own.path('journal.jsonl');
  const selected = structuresByName(
    await readMaskSet(directoryOf(context.run, prediction), 'selected', split, dataset),
  );
  const usual = usualShapes(lessons.get(network.labelled.count)?.cases ?? [], dataset.classes.length);
  const choice = model && models[model.role]?.choice;
  const sam = choice && adapted ? { ...choice, chosen: { path: networkOf(context.run, adapted) } } : choice;
  const refiner = await openRefiner(context, {
    config: { refine: settings },
    sam,
    closeUp: closeUp && networkOf(context.run, closeUp),
    compute,
    embeddings,
  });
  try {
    const found = await eachImage(context, casesOf(dataset, split), journal, (item) =>
      refineCase(refiner, item, selected.get(item.name), usual, {
        classes: dataset.classes,
        imageKey: checked.imageHashes.get(item.id)!,
        ...(context.signal && { signal: context.signal }),
      }),
    );
    await writeMaskSet(own.masks('refined', split), dataset, split, (id) => found.get(id)!);
  } finally {
    await refiner.close();
  }
  await rm(journal, { force: true });
}
