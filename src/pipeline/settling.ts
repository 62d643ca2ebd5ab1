/**
 * @file The atlas of a run: made of the labelled images, it settles which class the pixels of a network's masks belong
 * to, unless that makes the masks of held-out images no better. Where none are held out it has to suit the labelled ones.
 */
import { type Atlas, learnAtlas } from '../atlas/atlas.ts';
import { keptNames } from '../atlas/trial.ts';
import { type Case, casesOf, type Dataset } from '../dataset/types.ts';
import type { RefineSettings } from '../refine/settings.ts';
import { percent } from '../report/format.ts';
import { mirrorOf } from '../training/plan.ts';
import type { NetworkPlan } from '../training/types.ts';
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

/** On what grounds a run has an atlas: held-out images will tell what it gains, or none are and it suits the labelled ones. */
export type AtlasGrounds = 'tried' | 'suits';

/** The grounds on which a run has an atlas; none where it has no atlas. */
export function atlasGrounds(
  refine: Pick<RefineSettings, 'atlas'>,
  plan: Pick<NetworkPlan, 'head' | 'classes'>,
  dataset: Dataset,
  holdsOut: boolean,
): AtlasGrounds | undefined {
  if (!settles(refine, plan)) return undefined;
  if (holdsOut) return 'tried';
  return suitsAtlas(dataset, casesOf(dataset, 'labelled')) ? 'suits' : undefined;
}

/**
 * The atlas of annotated images. Each counts flipped too where all classes have twins: one without would lie on both
 * sides.
 */
export function atlasOf(dataset: Dataset, cases: readonly Case[]): Atlas {
  return learnAtlas(cases, dataset.classes.length, twinsOf(dataset));
}

/** The twin of each class, where all have one: images then show both sides of a body. */
function twinsOf({ classes, mirroredPairs = [] }: Dataset): readonly number[] | undefined {
  const mirror = mirrorOf(classes.length, mirroredPairs);
  return mirror.every((to, k) => to !== k) ? mirror : undefined;
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
 * which an image more or less changes the names does not. A single image tells where it shows both sides of a body, which
 * lie alike in all images taken from the front.
 */
export function suitsAtlas(dataset: Dataset, cases: readonly Case[]): boolean {
  if (cases.length < 2) return twinsOf(dataset) !== undefined;
  const learn = (others: readonly Case[]): Atlas => atlasOf(dataset, others);
  return keptNames(cases, dataset.classes.length, learn) >= LEAST_KEPT;
}
