/** @file The refiner that the settings name. */
import { ConfigError } from '../base/errors.ts';
import type { PromptableModel } from '../sam/promptable.ts';
import { chainRefiners } from './chain.ts';
import { type CloseUpModel, createCloseUpRefiner } from './close-up-refiner.ts';
import { createNoRefiner } from './none.ts';
import { createRandomWalkerRefiner } from './random-walker.ts';
import type { Refiner } from './refiner.ts';
import { createSamRefiner } from './sam-refiner.ts';
import type { RefinerName, RefineSettings } from './settings.ts';

export interface RefinerDependencies {
  /** Needed by refiners that ask a promptable model; stays the caller's to close. */
  readonly model?: PromptableModel;
  /** Needed by refiners that look close up; stays the caller's to close. */
  readonly closeUp?: CloseUpModel;
}

/** Throws ConfigError where the refiner needs a model and none is given. */
export function createRefiner(settings: RefineSettings, dependencies: RefinerDependencies = {}): Refiner {
  const { refiner } = settings;
  switch (refiner) {
    case 'none':
      return createNoRefiner();
    case 'random-walker':
      return createRandomWalkerRefiner(settings.randomWalker, settings.ensemble);
    case 'close-up':
      return createCloseUpRefiner(closeUpOf(refiner, dependencies));
    case 'foal':
    case 'sam':
      return createSamRefiner({ ...settings, refiner }, modelOf(refiner, dependencies));
    case 'foal+close-up':
      return chainRefiners(
        refiner,
        createSamRefiner({ ...settings, refiner: 'foal' }, modelOf(refiner, dependencies)),
        createCloseUpRefiner(closeUpOf(refiner, dependencies)),
      );
  }
}

function closeUpOf(refiner: RefinerName, { closeUp }: RefinerDependencies): CloseUpModel {
  if (closeUp !== undefined) return closeUp;
  throw new ConfigError({
    seen: `The refiner is ${refiner}, but there is no network of close-ups`,
    need: 'A network that has learnt from the labelled images',
    fix: 'Refine within a run, which trains it, or set the refiner to random-walker, which needs none',
  });
}

function modelOf(refiner: RefinerName, { model }: RefinerDependencies): PromptableModel {
  if (model !== undefined) return model;
  throw new ConfigError({
    seen: `The refiner is ${refiner}, but there is no model`,
    need: 'A Segment Anything checkpoint refines the masks',
    fix: 'Name a checkpoint, or set the refiner to random-walker, which needs none',
  });
}
