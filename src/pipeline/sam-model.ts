/** @file Which promptable model a run uses, where it is, and opening it. */
import { dirname, join } from 'node:path';
import { thisEnvironment } from '../models/environment.ts';
import { DEFAULT_MODEL, SHIPPED_MODEL } from '../models/registry.ts';
import { type ChosenModel, chooseModel, modelLabel, modelPath, preprocessingOf } from '../models/resolve.ts';
import type { ComputeOptions } from '../runtime/session.ts';
import { loadSamCheckpoint } from '../sam/checkpoint.ts';
import { type Precision, SamPredictor } from '../sam/predictor.ts';
import type { Preprocessing } from '../sam/preprocess.ts';
import { openEmbeddingStore } from '../sam/store.ts';
import type { RunConfig } from './config.ts';
import { EMBEDDINGS_FOLDER, type RunDirectory } from './run-directory.ts';
import type { RunContext } from './stage.ts';

export interface SamChoice {
  readonly chosen: ChosenModel;
  readonly preprocessing: Preprocessing;
  readonly precision: Precision;
}

/**
 * The model of the settings, or undefined where the refiner needs none.
 * @throws CheckpointError where the settings name what is neither a known model nor a path.
 */
export async function chooseSam({
  refine,
  sam,
}: Pick<RunConfig, 'refine' | 'sam'>): Promise<SamChoice | undefined> {
  if (refine.refiner !== 'sam' && refine.refiner !== 'foal') return undefined;
  const isMedSam = refine.preset === 'medsam';
  const usualModel = refine.refiner === 'foal' ? SHIPPED_MODEL : isMedSam ? 'medsam-vit-b' : DEFAULT_MODEL;
  const chosen = await chooseModel(sam.model ?? usualModel);
  const usual = isMedSam ? 'medsam' : preprocessingOf(chosen);
  return { chosen, preprocessing: sam.preprocessing ?? usual, precision: sam.precision };
}

/** The settings with the model that they come down to, so that the record of a run names it. */
export function nameSam(config: RunConfig, sam: SamChoice | undefined): RunConfig {
  if (sam === undefined) return config;
  const { chosen, preprocessing } = sam;
  const model = 'entry' in chosen ? chosen.entry.name : chosen.path;
  return { ...config, sam: { ...config.sam, model, preprocessing } };
}

export interface SamOptions {
  readonly compute: ComputeOptions;
  /** Where embeddings of images are kept, for all runs. */
  readonly embeddings: string;
}

type Watch = Pick<RunContext, 'observer' | 'signal'>;

/** Opens the model with its stored embeddings. */
export async function openSam(
  sam: SamChoice,
  watch: Watch,
  { compute, embeddings }: SamOptions,
): Promise<SamPredictor> {
  const { chosen, preprocessing, precision } = sam;
  const checkpoint = await loadSamCheckpoint(await obtainSam(sam, watch));
  // Foal encodes an image about as quickly as its embedding is read.
  const isQuick = checkpoint.config.encoder.kind === 'conv';
  return new SamPredictor(checkpoint, {
    ...compute,
    ...(!isQuick && { store: openEmbeddingStore(embeddings, { label: modelLabel(chosen) }) }),
    preprocessing,
    precision,
  });
}

/** Where a run keeps the embeddings of images: beside itself, so that other runs find them. */
export function embeddingsFolder(run: RunDirectory): string {
  return join(dirname(run.root), EMBEDDINGS_FOLDER);
}

/** Where the model lies; it is downloaded unless it is here. */
export function obtainSam({ chosen }: SamChoice, { observer, signal }: Watch): Promise<string> {
  return modelPath(chosen, { environment: thisEnvironment(), observer, ...(signal && { signal }) });
}
