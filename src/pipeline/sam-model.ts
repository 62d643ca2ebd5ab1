/** @file Which promptable model a run uses, where it is, in which numbers it multiplies, and opening it. */
import { dirname, join } from 'node:path';
import type { Machine } from '../machine/devices.ts';
import { choosePrecision } from '../machine/precision.ts';
import { thisEnvironment } from '../models/environment.ts';
import { DEFAULT_MODEL, SHIPPED_MODEL } from '../models/registry.ts';
import {
  type ChosenModel,
  chooseModel,
  modelLabel,
  modelPath,
  preprocessingOf,
  verifyModel,
} from '../models/resolve.ts';
import { askedModel } from '../refine/settings.ts';
import type { Device } from '../runtime/device.ts';
import type { ComputeOptions } from '../runtime/session.ts';
import { loadSamCheckpoint, type SamCheckpoint } from '../sam/checkpoint.ts';
import { withDecoder } from '../sam/decoder-file.ts';
import { type Precision, SamPredictor } from '../sam/predictor.ts';
import type { Preprocessing } from '../sam/preprocess.ts';
import { openEmbeddingStore } from '../sam/store.ts';
import type { RunConfig } from './config.ts';
import { recordedCompute } from './recorded-config.ts';
import { EMBEDDINGS_FOLDER, type RunDirectory } from './run-directory.ts';
import type { RunContext } from './stage.ts';

/** The model that the settings name. */
export interface SamModel {
  readonly chosen: ChosenModel;
  readonly preprocessing: Preprocessing;
  /** The file of a decoder that was adapted to the run's images, in place of the model's own. */
  readonly decoder?: string;
}

/** A model, and how it computes here. */
export interface SamChoice extends SamModel {
  readonly precision: Precision;
}

type SamSettings = Pick<RunConfig, 'refine' | 'sam'>;

/**
 * The model of the settings, or undefined where the refiner needs none.
 * @throws CheckpointError where the settings name what is neither a known model nor a path.
 */
export async function chooseSam({ refine, sam }: SamSettings): Promise<SamModel | undefined> {
  const asked = askedModel(refine);
  if (asked === undefined) return undefined;
  const isMedSam = refine.preset === 'medsam';
  const usualModel = asked === 'foal' ? SHIPPED_MODEL : isMedSam ? 'medsam-vit-b' : DEFAULT_MODEL;
  const chosen = await chooseModel(sam.model ?? usualModel);
  const usual = isMedSam ? 'medsam' : preprocessingOf(chosen);
  return { chosen, preprocessing: sam.preprocessing ?? usual };
}

export interface SettleOptions {
  /** `auto` keeps to what it did before. */
  readonly run: RunDirectory;
  readonly device: Device;
  /** Told where the model multiplies bytes, or no longer does. */
  readonly note: (text: string) => void;
  readonly machine?: Machine | undefined;
}

/** The model with the precision that the settings come down to on this machine. */
export async function settleSam(
  model: SamModel,
  { refine, sam }: SamSettings,
  { run, device, note, machine }: SettleOptions,
): Promise<SamChoice> {
  // Foal is convolutions, which stay in float32: bytes would move its masks and spare next to nothing.
  if (askedModel(refine) === 'foal' && sam.precision === 'auto') return { ...model, precision: 'float32' };
  const { precision: before } = await recordedCompute(run);
  const choice = await choosePrecision(sam.precision, device, {
    ...(before && { before }),
    ...(machine && { machine }),
  });
  if (choice.note !== undefined) note(choice.note);
  return { ...model, precision: choice.precision };
}

/** The settings with the model that they come down to, so that the record of a run names it. */
export function nameSam(config: RunConfig, sam: SamModel | undefined): RunConfig {
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
export async function openSam(sam: SamChoice, watch: Watch, options: SamOptions): Promise<SamPredictor> {
  const checkpoint = await loadSamCheckpoint(await obtainSam(sam, watch));
  const { decoder } = sam;
  return openCheckpoint(
    decoder === undefined ? checkpoint : await withDecoder(checkpoint, decoder),
    sam,
    options,
  );
}

/** The same with the weights of a checkpoint that is read already. */
export function openCheckpoint(
  checkpoint: SamCheckpoint,
  { chosen, preprocessing, precision }: SamChoice,
  { compute, embeddings }: SamOptions,
): SamPredictor {
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
export function obtainSam({ chosen }: SamModel, { observer, signal }: Watch): Promise<string> {
  return modelPath(chosen, { environment: thisEnvironment(), observer, ...(signal && { signal }) });
}

/**
 * As obtainSam, and checks that the bytes are those that were published: for what does not begin with the stage that does.
 * @throws CheckpointError where they are not.
 */
export async function obtainCheckedSam(sam: SamModel, watch: Watch): Promise<void> {
  await verifyModel(sam.chosen, await obtainSam(sam, watch));
}
