/**
 * @file The atlas of a run: made of the labelled images, it settles which class the pixels of a network's masks belong
 * to, unless that makes the masks of held-out images no better.
 */
import { type Atlas, learnAtlas } from '../atlas/atlas.ts';
import { keptNames } from '../atlas/trial.ts';
import type { Case, Dataset } from '../dataset/types.ts';
import type { RefineSettings } from '../refine/settings.ts';
import { percent } from '../report/format.ts';
import { mirrorOf } from '../training/plan.ts';
import type { NetworkPlan } from '../training/types.ts';
import type { PreparedRun } from './prepare.ts';
import { readResult } from './read-result.ts';
import type { RunDirectory } from './run-directory.ts';

/** What came of it. */
export interface Settling {
  /** Mean Dice of the masks of held-out images, invented structures counted, as the network names them and settled. */
  readonly heldOut: { readonly before: number; readonly after: number };
  /** Whether the run works with settled masks. */
  readonly kept: boolean;
}

/** Where classes may overlap, a pixel of one may be one of another too, and there is nothing to settle. */
export const settles = (
  { atlas }: Pick<RefineSettings, 'atlas'>,
  { head, classes }: Pick<NetworkPlan, 'head' | 'classes'>,
): boolean => atlas && head === 'exclusive' && classes.length > 1;

/** Whether a run tries an atlas: only held-out images tell if it suits the structures. It names wrongly those that turn. */
export const triesAtlas = ({ config, plans }: Pick<PreparedRun, 'config' | 'plans'>): boolean =>
  plans.folds !== undefined && settles(config.refine, plans.initial.plan);

/**
 * The atlas of annotated images. Each counts flipped too where all classes have twins: one without would lie on both
 * sides.
 */
export function atlasOf({ classes, mirroredPairs = [] }: Dataset, cases: readonly Case[]): Atlas {
  const mirror = mirrorOf(classes.length, mirroredPairs);
  return learnAtlas(cases, classes.length, mirror.every((to, k) => to !== k) ? mirror : undefined);
}

/** The atlas that settled the masks which were refined; there where one did. */
export const atlasFile = (run: RunDirectory): string => run.path('refined', 'atlas.json');

/** What came of it on held-out images. */
export const settlingFile = (run: RunDirectory): string => run.path('folds', 'settling.json');

/** @throws RunError where the file is missing or damaged. */
export function readAtlas(run: RunDirectory): Promise<Atlas> {
  return readResult(atlasFile(run), 'The atlas that settled the masks of the run');
}

/** @throws RunError where the file is missing or damaged. */
export function readSettling(run: RunDirectory): Promise<Settling> {
  return readResult(settlingFile(run), 'What came of settling the masks of held-out images');
}

/** One line. */
export function describeSettling({ heldOut, kept }: Settling): string {
  const figures = `Dice of held-out masks ${percent(heldOut.before)} before, ${percent(heldOut.after)} settled, invented structures counted`;
  return kept
    ? `An atlas of the labelled images settles which class pixels belong to: ${figures}.`
    : `Pixels stay with the class that the network gives them, because an atlas of the labelled images makes masks no better: ${figures}.`;
}

/** Part of the names that an atlas has to keep. */
const LEAST_KEPT = 0.85;

/**
 * Whether an atlas of annotated images suits their structures, where no images are held out that would tell: one of
 * which an image more or less changes the names does not.
 */
export function suitsAtlas(dataset: Dataset, cases: readonly Case[]): boolean {
  const learn = (others: readonly Case[]): Atlas => atlasOf(dataset, others);
  return cases.length > 1 && keptNames(cases, dataset.classes.length, learn) >= LEAST_KEPT;
}
