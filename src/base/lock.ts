/** @file A lock file that says which process holds it, so that two processes never write the same files. */
import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { z } from 'zod';
import { RunError } from './errors.ts';
import { createFileAtomic, writeError } from './files.ts';
import { systemCode } from './system-code.ts';

const ownerSchema = z.object({
  pid: z.int().positive(),
  host: z.string(),
  /** ISO time. */
  started: z.string(),
  token: z.string(),
});

export type LockOwner = Readonly<z.infer<typeof ownerSchema>>;

/** Tokens of the locks that this process holds. */
const held = new Set<string>();

/** Either the lock is ours and `release` gives it back, or another living process is its `owner`. */
export type LockAttempt = { readonly release: () => Promise<void> } | { readonly owner: LockOwner };

/**
 * What is believed of a process on another machine, of which nothing can be known: that it lives, or that it is gone
 * because somebody else (a cluster) sees to it that the work is done once at a time.
 */
export type Elsewhere = 'alive' | 'gone';

/**
 * Takes the lock where it is free. A lock whose process is gone is taken over.
 * @throws RunError where the lock cannot be written, or changes hands again and again.
 */
export async function tryLock(path: string, elsewhere: Elsewhere = 'alive'): Promise<LockAttempt> {
  const self: LockOwner = {
    pid: process.pid,
    host: hostname(),
    started: new Date().toISOString(),
    token: randomUUID(),
  };
  for (let attempt = 0; attempt < 5; attempt++) {
    if (await createFileAtomic(path, `${JSON.stringify(self)}\n`)) {
      held.add(self.token);
      return {
        release: async () => {
          held.delete(self.token);
          if ((await readOwner(path))?.token !== self.token) return;
          // Where it cannot be removed any more, it is taken over once this process is gone.
          await rm(path, { force: true }).catch(() => undefined);
        },
      };
    }
    const owner = await readOwner(path);
    if (owner !== undefined && !isStale(owner, elsewhere)) return { owner };
    // Read once more just before: another process may have taken the stale lock over meanwhile.
    if ((await readOwner(path))?.token === owner?.token) await removeLock(path);
  }
  throw new RunError({
    seen: `The lock ${path} changes hands again and again`,
    need: 'One process at a time does this work',
    fix: 'Stop the other processes that do it, then start again',
  });
}

/** The living process that holds a lock; undefined where it is free, or its process is gone. */
export async function livingOwner(path: string): Promise<LockOwner | undefined> {
  const owner = await readOwner(path);
  return owner === undefined || isStale(owner, 'alive') ? undefined : owner;
}

async function removeLock(path: string): Promise<void> {
  await rm(path, { force: true }).catch((cause: unknown) => {
    throw writeError(path, cause);
  });
}

/** `Process 12 on this machine`. */
export function describeOwner({ pid, host }: LockOwner): string {
  return `Process ${pid} on ${isHere(host) ? 'this machine' : host}`;
}

/** What a user can do about the lock of another process; `otherwise` is what else helps: `or choose another --name`. */
export function lockRemedy(path: string, { host }: LockOwner, otherwise = ''): string {
  const wait = `Wait for it or stop it${otherwise === '' ? '' : `, ${otherwise}`}`;
  const doubt = isHere(host) ? 'that process is not Packmule' : 'it is certain that it is gone';
  return `${wait}; if ${doubt}, delete ${path}`;
}

const isHere = (host: string): boolean => host === hostname();

/** Undefined where the lock is gone or damaged. */
async function readOwner(path: string): Promise<LockOwner | undefined> {
  try {
    return ownerSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Only for a process of this machine can it be known that it is gone. */
function isStale({ pid, host, token }: LockOwner, elsewhere: Elsewhere): boolean {
  if (!isHere(host)) return elsewhere === 'gone';
  // In a container that was started again, the process that died had the number that this one has.
  if (pid === process.pid) return !held.has(token);
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    // EPERM: the process lives and belongs to somebody else.
    return systemCode(error) === 'ESRCH';
  }
}
