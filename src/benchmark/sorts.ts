/** @file The sorts of networks: how each is trained, and how it masks images afterwards. */
import { join } from 'node:path';
import { adaptModel } from '../adapt/adapt.ts';
import { foalLearner } from '../adapt/foal.ts';
import { trainCloseUp } from '../closeup/train.ts';
import { type Case, casesOf } from '../dataset/types.ts';
import { readCase } from '../dataset/view.ts';
import { frozenEncoder } from '../frozen/features.ts';
import { openHead } from '../frozen/predictor.ts';
import { trainHead } from '../frozen/train.ts';
import { openNnUnet } from '../nnunet/predictor.ts';
import { trainNnUnet } from '../nnunet/train.ts';
import { obtainSam, openSam } from '../pipeline/sam-model.ts';
import type { RunContext } from '../pipeline/stage.ts';
import { adaptCase } from '../pipeline/stages/adapt.ts';
import { loadSamCheckpoint } from '../sam/checkpoint.ts';
import type { SamPredictor } from '../sam/predictor.ts';
import { openPredictor } from '../training/predictor.ts';
import { type TrainOptions, trainNetwork } from '../training/train.ts';
import type { Head, ProbabilityMaps, UnlabelledImage } from '../training/types.ts';
import type { Setup } from './setup.ts';
import type { AdaptedFoal, FrozenHead, Network, Training } from './work.ts';

/** What a training of any sort needs beside its plan. */
type Common = Omit<TrainOptions, 'plan' | 'settings' | 'validation' | 'unlabelled'>;

/** Trains a network, or goes on where an earlier start of the same work stopped. */
export async function trainSort(
  context: RunContext,
  setup: Setup,
  work: Training,
  common: Common,
): Promise<void> {
  if (work.sort === 'close-up') {
    await trainCloseUp({ ...common, plan: work.planned });
    return;
  }
  if (work.sort === 'foal') {
    await adaptFoal(context, setup, work, common);
    return;
  }
  if (work.sort === 'nnunet') {
    await trainNnUnet({ ...common, ...work.planned });
    return;
  }
  if (work.sort === 'head') {
    const model = await openModel(context, setup, work);
    try {
      const imageKey = (id: string): string => setup.checked.imageHashes.get(id)!;
      await trainHead({ ...common, ...work.planned, encoder: frozenEncoder(model), imageKey });
    } finally {
      await model.close();
    }
    return;
  }
  const { plan, settings } = work.planned;
  const unlabelled = work.unlabelled === undefined ? [] : imagesWithoutLabels(setup);
  await trainNetwork({ ...common, plan, settings, validation: [], unlabelled });
}

/** Without held-out masks to learn from or to be measured by: those cost networks beyond the budget of a cell. */
async function adaptFoal(
  context: RunContext,
  { models, lessons, checked }: Setup,
  { model, labelled, planned }: AdaptedFoal,
  { directory, seed, ...options }: Common,
): Promise<void> {
  const base = await loadSamCheckpoint(await obtainSam(models[model.role]!.choice, context));
  await adaptModel({
    ...options,
    learner: foalLearner({ base, seed, data: { model, labelled }, compute: options }),
    cases: lessons
      .get(labelled.count)!
      .cases.map((item) => adaptCase(item, checked.imageHashes.get(item.id)!)),
    folds: [],
    steps: planned.steps,
    directory,
    onProgress: context.observer.progress,
  });
}

function imagesWithoutLabels({ checked }: Setup): UnlabelledImage[] {
  return casesOf(checked.dataset, 'unlabelled').map((item) => ({
    id: item.id,
    read: () => readCase(item),
  }));
}

interface OpenNetwork {
  readonly head: Head;
  /** At the image's own resolution. */
  predict(item: Case): Promise<ProbabilityMaps>;
  close(): Promise<void>;
}

/** Opens what a training left in a folder. */
export async function openSort(
  context: RunContext,
  setup: Setup,
  work: Network,
  directory: string,
): Promise<OpenNetwork> {
  const { checked, compute } = setup;
  if (work.sort === 'head') {
    const model = await openModel(context, setup, work);
    const opened = await openHead(directory, frozenEncoder(model), compute);
    return {
      head: work.planned.plan.head,
      predict: async (item) => opened.predict(await readCase(item), checked.imageHashes.get(item.id)!),
      close: async () => {
        await opened.close();
        await model.close();
      },
    };
  }
  const path = join(directory, 'model.onnx');
  if (work.sort === 'nnunet') {
    const { plan } = work.planned;
    const opened = await openNnUnet(path, plan, compute);
    return {
      head: plan.head,
      predict: async (item) => opened.predict(await readCase(item)),
      close: () => opened.close(),
    };
  }
  const opened = await openPredictor(path, compute);
  return {
    head: opened.plan.head,
    predict: async (item) => opened.predict(await readCase(item)),
    close: () => opened.close(),
  };
}

function openModel(
  context: RunContext,
  setup: Setup,
  { model: { role } }: FrozenHead,
): Promise<SamPredictor> {
  const { models, compute, embeddings } = setup;
  return openSam(models[role]!.choice, context, { compute, embeddings });
}
