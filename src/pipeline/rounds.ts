/** @file Rounds: a run, a review of its masks, a run that learns from the review, and so on. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, RunError } from '../base/errors.ts';
import { commandLine } from '../base/text.ts';
import { isFinal, statusOf } from '../review/decision.ts';
import { readDecisions } from '../review/decision-journal.ts';
import type { RunConfig } from './config.ts';
import { runDirectory } from './run-directory.ts';

/** Name of the run of a round: `teeth`, `teeth-round-2`, ... */
export function roundName(name: string, round: number): string {
  const first = name.replace(/-round-\d+$/, '');
  return round === 1 ? first : `${first}-round-${round}`;
}

/**
 * The settings of a round: a run of its own that takes what was decided in the rounds before as truth.
 * @param runs the folder of all runs
 * @throws ConfigError for a round that is no whole number from 1 on, RunError where the round before is not reviewed
 */
export async function roundConfig(config: RunConfig, round: number, runs: string): Promise<RunConfig> {
  if (!Number.isInteger(round) || round < 1) {
    throw new ConfigError({
      seen: `--round is ${round}`,
      need: 'A whole number: 1 for the first run, 2 for the one after its review, and so on',
      fix: 'Give --round 2 once the masks of the first run are reviewed',
    });
  }
  const before = Array.from({ length: round - 1 }, (_, i) => join(runs, roundName(config.name, i + 1)));
  for (const folder of before) await requireReview(folder);
  return { ...config, name: roundName(config.name, round), reviews: before };
}

async function requireReview(folder: string): Promise<void> {
  const run = runDirectory(folder);
  if (!existsSync(run.config)) {
    throw new RunError({
      seen: `There is no run ${folder}`,
      need: 'A round comes after a run whose masks were reviewed',
      fix: 'Do that run first, or name the folder of its runs with --runs',
    });
  }
  const decisions = await readDecisions(run.decisions);
  if (decisions.some((decision) => isFinal(statusOf(decision)))) return;
  throw new RunError({
    seen: `No mask of ${folder} was accepted, corrected or rejected`,
    need: 'Something that the next round can learn',
    fix: `Review its masks: \`${commandLine(['review', folder])}\``,
  });
}
