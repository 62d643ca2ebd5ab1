/** @file Which promptable model a run uses, and where it is. */
import { thisEnvironment } from '../models/environment.ts';
import { DEFAULT_MODEL, SHIPPED_MODEL } from '../models/registry.ts';
import { type ChosenModel, chooseModel, modelPath, preprocessingOf } from '../models/resolve.ts';
import type { Precision } from '../sam/predictor.ts';
import type { Preprocessing } from '../sam/preprocess.ts';
import type { RunConfig } from './config.ts';
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

/** Where the model lies; it is downloaded unless it is here. */
export function obtainSam({ chosen }: SamChoice, { observer, signal }: RunContext): Promise<string> {
  return modelPath(chosen, { environment: thisEnvironment(), observer, ...(signal && { signal }) });
}
