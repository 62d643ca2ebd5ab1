/** @file The refiner that the settings name. */
import { ConfigError } from '../base/errors.ts';
import type { PromptableModel } from '../sam/promptable.ts';
import { type CloseUpModel, createCloseUpRefiner } from './close-up-refiner.ts';
import { createNoRefiner } from './none.ts';
import { createRandomWalkerRefiner } from './random-walker.ts';
import type { Refiner } from './refiner.ts';
import { createSamRefiner } from './sam-refiner.ts';
import type { RefineSettings } from './settings.ts';

export interface RefinerDependencies {
  /** Needed by the refiners `foal` and `sam`; stays the caller's to close. */
  readonly model?: PromptableModel;
  /** Needed by the refiner `close-up`; stays the caller's to close. */
  readonly closeUp?: CloseUpModel;
}

/** Throws ConfigError where the refiner needs a model and none is given. */
export function createRefiner(settings: RefineSettings, dependencies: RefinerDependencies = {}): Refiner {
  switch (settings.refiner) {
    case 'none':
      return createNoRefiner();
    case 'random-walker':
      return createRandomWalkerRefiner(settings.randomWalker, settings.ensemble);
    case 'close-up':
      if (dependencies.closeUp === undefined) {
        throw new ConfigError({
          seen: 'The refiner is close-up, but there is no network of close-ups',
          need: 'A network that has learnt from the labelled images',
          fix: 'Refine within a run, which trains it, or set the refiner to random-walker, which needs none',
        });
      }
      return createCloseUpRefiner(dependencies.closeUp);
    case 'foal':
    case 'sam':
      if (dependencies.model === undefined) {
        throw new ConfigError({
          seen: `The refiner is ${settings.refiner}, but there is no model`,
          need: 'A Segment Anything checkpoint refines the masks',
          fix: 'Name a checkpoint, or set the refiner to random-walker, which needs none',
        });
      }
      return createSamRefiner(settings, dependencies.model);
  }
}
