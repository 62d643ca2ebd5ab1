/** @file What parts of a run take on the disk, in bytes; asked before hours of work depend on there being room. */
import { vectorLength } from '../optim/parameter-vector.ts';
import { networkSpecs } from '../training/network.ts';
import type { TrainingPlan } from '../training/plan.ts';

/** At most: four vectors in a checkpoint, which is there twice while it is replaced; weights and model after it. */
const VECTORS = 10;

/** Weights of a U-Net. */
export function weightsOf({ plan }: Pick<TrainingPlan, 'plan'>): number {
  return vectorLength(networkSpecs(plan));
}

/** A network of so many weights while it is trained. */
export function trainingBytes(weights: number): number {
  return weights * 4 * VECTORS;
}

/** More than the network of close-ups has, and Foal. */
export const CLOSE_UP_WEIGHTS = 5e5;
export const FOAL_WEIGHTS = 5e6;

/** A trained network of so many weights: these, and the model that has them in it. */
export function networkBytes(weights: number): number {
  return weights * 4 * 2;
}

/** Masks of so many images as annotations, and the journal that they come from. */
export function maskBytes(images: number, classes: number): number {
  return images * classes * 2 * 2000;
}

/** Stored embeddings of so many images by a large promptable model. */
export function embeddingBytes(images: number): number {
  return images * 2.1e6;
}
