/** @file The loop of every stage that works image by image: journal, progress, interruption. */
import type { Case } from '../dataset/types.ts';
import { openJournal } from './journal.ts';
import { createResults, joinResults, type Results } from './results.ts';
import type { RunContext } from './stage.ts';

/**
 * Does `work` for every case that the journal does not hold yet, nor what is `known` besides, and returns all results
 * by case id. Between two images the signal is looked at; what is done stays in the journal.
 */
export async function eachImage<T>(
  { observer, signal }: Pick<RunContext, 'observer' | 'signal'>,
  cases: readonly Case[],
  journalPath: string,
  work: (item: Case) => Promise<T>,
  known: Results<T> = createResults(),
): Promise<Results<T>> {
  const journal = await openJournal<T>(journalPath);
  const isDone = ({ id }: Case): boolean => known.has(id) || journal.done.has(id);
  const total = cases.length;
  // The clock knows nothing of earlier work, so the time left is reckoned from this process's images alone.
  const before = cases.filter(isDone).length;
  const start = performance.now();
  try {
    for (const [index, item] of cases.entries()) {
      if (isDone(item)) continue;
      signal?.throwIfAborted();
      await journal.append(item.id, await work(item));
      const done = index + 1;
      const secondsEach = (performance.now() - start) / 1000 / Math.max(done - before, 1);
      observer.progress(done / total, `${done} of ${total} images`, secondsEach * (total - done));
    }
    return joinResults([known, journal.done]);
  } finally {
    await journal.close();
  }
}
