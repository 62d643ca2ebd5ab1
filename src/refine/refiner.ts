/** @file What a refiner takes and gives: initial masks of one image in, better masks with their history out. */
import { RefineError } from '../base/errors.ts';
import type { Image } from '../imaging/image.ts';
import type { ClassMask } from '../masks/mask.ts';
import type { NetworkEvidence, RefinerEvidence } from './evidence.ts';

/** The mask of one class after component selection, at the image's own resolution; one per class at most. */
export interface InitialMask extends ClassMask {
  /** Confidence of the network in this mask, [0, 1]. */
  readonly score: number;
  /** What else the network's maps say about it, where they were looked at. */
  readonly evidence?: NetworkEvidence;
}

export interface RefinedMask extends ClassMask {
  /** Confidence in the refined mask, [0, 1]; where the refiner has no estimate of its own, the initial one. */
  readonly score: number;
  /** How firmly the refiner stands by it. */
  readonly evidence: RefinerEvidence;
  /** What was done to this mask, plain JSON; see MaskProvenance. */
  readonly provenance: Readonly<Record<string, unknown>>;
}

export interface RefineContext {
  /** Class names, indexed by classIndex. */
  readonly classes: readonly string[];
  /** Hash of the image's content: the key under which a model stores what it computed for the image. */
  readonly imageKey: string;
  readonly signal?: AbortSignal;
}

/** One refined mask per initial mask, in their order. Masks of different classes may overlap, before and after. */
export interface Refiner {
  readonly name: string;
  /** Throws RefineError where masks and image do not fit, and the signal's reason when aborted. */
  refine(image: Image, initial: readonly InitialMask[], context: RefineContext): Promise<RefinedMask[]>;
  close(): Promise<void>;
}

/** Part of every provenance. */
export interface MaskProvenance extends Readonly<Record<string, unknown>> {
  readonly refiner: string;
  /** Dice of the refined and the initial mask. */
  readonly agreement: number;
  /** Why the initial mask was kept, where it was. */
  readonly keptInitial?: string;
}

/** The initial mask as the result, with the reason for it. Nothing confirms it, so its evidence is an agreement of 0. */
export function keepInitial(
  initial: InitialMask,
  refiner: string,
  reason: string,
  details: Readonly<Record<string, unknown>> = {},
): RefinedMask {
  const provenance: MaskProvenance = { ...details, refiner, agreement: 1, keptInitial: reason };
  const { classIndex, mask, score } = initial;
  return { classIndex, mask, score, evidence: { agreement: 0 }, provenance };
}

/** Every mask has the image's size and a class of its own from the class list; throws RefineError otherwise. */
export function checkInitialMasks(
  image: Image,
  initial: readonly InitialMask[],
  classes: readonly string[],
): void {
  const seen = new Set<number>();
  for (const { classIndex, mask } of initial) {
    const name = classes[classIndex];
    if (name === undefined) {
      throw new RefineError({
        seen: `An initial mask has the class index ${classIndex}`,
        need: `The class list has ${classes.length} classes, counted from 0`,
        fix: 'Refine the masks with the class list with which they were predicted',
      });
    }
    if (seen.has(classIndex)) {
      throw new RefineError({
        seen: `There are several initial masks of class ${name}`,
        need: 'A refiner takes one mask per class and image',
        fix: 'Join them into one mask before refining',
      });
    }
    seen.add(classIndex);
    if (mask.height !== image.height || mask.width !== image.width) {
      throw new RefineError({
        seen: `The initial mask of class ${name} is ${mask.width} x ${mask.height} px, its image ${image.width} x ${image.height} px`,
        need: "Masks are refined at the image's own resolution",
        fix: 'Resample the predicted probabilities to the image before thresholding them',
      });
    }
  }
}
