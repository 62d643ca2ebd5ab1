/** @file The lock of a run directory, so that two processes never work in one. */
import { RunError } from '../base/errors.ts';
import { describeOwner, type Elsewhere, lockRemedy, tryLock } from '../base/lock.ts';

/**
 * Takes the lock and returns the function that gives it back. A lock whose process is gone is taken over.
 * @throws RunError when another process holds it.
 */
export async function acquireLock(path: string, elsewhere?: Elsewhere): Promise<() => Promise<void>> {
  const attempt = await tryLock(path, elsewhere);
  if ('release' in attempt) return attempt.release;
  const { owner } = attempt;
  throw new RunError({
    seen: `${describeOwner(owner)} has been working in this run directory since ${owner.started}`,
    need: 'One process at a time works in a run directory',
    fix: lockRemedy(path, owner, 'or choose another --name'),
  });
}
