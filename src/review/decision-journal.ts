/**
 * @file The journal of a review: every decision is a line that is never changed, on the disk before the reviewer hears
 * that it is saved. The last decision about a mask counts.
 */
import { RunError } from '../base/errors.ts';
import { openLineFile, readLines } from '../base/line-file.ts';
import {
  type Decision,
  type DecisionDraft,
  decisionSchema,
  type ReviewTarget,
  targetKey,
} from './decision.ts';

/** Either the decision is saved, or somebody decided in between and nothing was written. */
export type DecideOutcome = { readonly saved: Decision } | { readonly conflict: Decision };

export interface DecisionJournal {
  /** The decision that counts for a mask. */
  find(target: ReviewTarget): Decision | undefined;
  /** The decisions that count, one per mask, in the order in which masks were first decided. */
  all(): readonly Decision[];
  /**
   * Saves a decision that was made in the knowledge of decision number `basedOn` about this mask, 0 for none.
   * @throws RunError when it cannot be written.
   */
  decide(draft: DecisionDraft, basedOn: number): Promise<DecideOutcome>;
  /** Waits for what is being written. */
  close(): Promise<void>;
}

/**
 * Opens the journal, or begins one.
 * @throws RunError where it cannot be written, or holds a line that is no decision.
 */
export async function openDecisionJournal(path: string): Promise<DecisionJournal> {
  const file = await openLineFile(path, { durable: true });
  let latest: Map<string, Decision>;
  try {
    latest = latestDecisions(path, file.lines);
  } catch (error) {
    await file.close();
    throw error;
  }
  let last = Math.max(0, ...[...latest.values()].map(({ number }) => number));
  // One decision after the other: what a decision is based on is looked at when the one before it is written.
  let writing: Promise<unknown> = Promise.resolve();
  const decideNow = async (draft: DecisionDraft, basedOn: number): Promise<DecideOutcome> => {
    const before = latest.get(targetKey(draft));
    if (before !== undefined && before.number !== basedOn) return { conflict: before };
    const saved: Decision = { number: last + 1, ...draft, time: new Date().toISOString() };
    await file.append(saved);
    last = saved.number;
    latest.set(targetKey(saved), saved);
    return { saved };
  };
  return {
    find: (target) => latest.get(targetKey(target)),
    all: () => [...latest.values()],
    decide: (draft, basedOn) => {
      const outcome = writing.then(() => decideNow(draft, basedOn));
      writing = outcome.catch(() => undefined);
      return outcome;
    },
    close: async () => {
      await writing;
      await file.close();
    },
  };
}

/**
 * The decisions that count, one per mask; none where nobody has decided yet.
 * @throws RunError for a line that is no decision.
 */
export async function readDecisions(path: string): Promise<readonly Decision[]> {
  return [...latestDecisions(path, await readLines(path)).values()];
}

function latestDecisions(path: string, lines: readonly unknown[]): Map<string, Decision> {
  const latest = new Map<string, Decision>();
  for (const [index, line] of lines.entries()) {
    const parsed = decisionSchema.safeParse(line);
    if (!parsed.success) throw damaged(path, index + 1);
    latest.set(targetKey(parsed.data), parsed.data);
  }
  return latest;
}

/** Somebody's work is in there: it is for a person to say that a line of it is to be forgotten. */
function damaged(path: string, line: number): RunError {
  return new RunError({
    seen: `Line ${line} of ${path} is no decision of a review`,
    need: 'The journal as Packmule wrote it: one decision a line',
    fix: `Restore the file from a copy, or delete line ${line} to lose that decision alone`,
  });
}
