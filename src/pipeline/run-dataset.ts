/** @file The data set of a run: what its settings name, with what people decided in the reviews of earlier runs. */
import { existsSync } from 'node:fs';
import { RunError } from '../base/errors.ts';
import { commandLine } from '../base/text.ts';
import { openDataset } from '../dataset/dataset.ts';
import { type Case, casesOf, type Dataset, SPLIT_NAMES, type SplitName } from '../dataset/types.ts';
import { applyReviews, type Review } from '../review/apply.ts';
import { readDecisions } from '../review/decision-journal.ts';
import type { RunConfig } from './config.ts';
import { readStoredSet, structuresByName } from './mask-sets.ts';
import { type RunDirectory, runDirectory } from './run-directory.ts';

/**
 * Some splits of it, all by default; see openDataset.
 * @throws PackmuleError as openDataset, and for a run in `reviews` whose decisions or masks are gone or damaged.
 */
export async function openRunDataset(
  { data, reviews }: Pick<RunConfig, 'data' | 'reviews'>,
  splits: readonly SplitName[] = SPLIT_NAMES,
): Promise<Dataset> {
  const dataset = await openDataset(data, splits);
  const read = await Promise.all(reviews.map((folder) => readReview(runDirectory(folder), dataset)));
  return applyReviews(dataset, read);
}

async function readReview(run: RunDirectory, dataset: Dataset): Promise<Review> {
  if (!existsSync(run.decisions)) {
    throw new RunError({
      seen: `Nobody has reviewed the run ${run.root}`,
      need: 'A run in which masks were accepted or corrected',
      fix: `Review it first: \`${commandLine(['review', run.root])}\``,
    });
  }
  const refined = structuresByName(await readStoredSet(run, 'refined', 'unlabelled', dataset.classes));
  const askedIn = (item: Case): number[] =>
    (refined.get(item.name) ?? [])
      .filter(({ provenance }) => provenance?.reviewed === undefined)
      .map(({ classIndex }) => classIndex);
  return {
    run: run.root,
    decisions: await readDecisions(run.decisions),
    asked: new Map(casesOf(dataset, 'unlabelled').map((item) => [item.id, askedIn(item)])),
  };
}
