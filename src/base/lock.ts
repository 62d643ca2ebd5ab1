/** @file A lock file that says which process holds it, so that two processes never write the same files. */
import { randomUUID } from 'node:crypto';
import { constants, copyFile, link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { z } from 'zod';
import { RunError } from './errors.ts';
import { temporaryBeside, writeError } from './files.ts';

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
 * Takes the lock where it is free. A lock whose process is gone is taken over.
 * @throws RunError where the lock cannot be written, or changes hands again and again.
 */
export async function tryLock(path: string): Promise<LockAttempt> {
  const self: LockOwner = {
    pid: process.pid,
    host: hostname(),
    started: new Date().toISOString(),
    token: randomUUID(),
  };
  for (let attempt = 0; attempt < 5; attempt++) {
    if (await tryCreate(path, self)) {
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
    if (owner !== undefined && !isStale(owner)) return { owner };
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
  return owner === undefined || isStale(owner) ? undefined : owner;
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

/** Written aside and linked into place: whoever finds the lock finds its owner in it. */
async function tryCreate(path: string, owner: LockOwner): Promise<boolean> {
  const aside = temporaryBeside(path);
  // Apart from the rest: a file in the place of the folder is no lock, though the system says EEXIST of both.
  await mkdir(dirname(path), { recursive: true }).catch((cause: unknown) => {
    throw writeError(path, cause);
  });
  try {
    await writeFile(aside, `${JSON.stringify(owner)}\n`, { flag: 'wx' });
    await link(aside, path).catch((cause: unknown) => {
      if (hasCode(cause, 'EEXIST')) throw cause;
      // Some disks know no links.
      return copyFile(aside, path, constants.COPYFILE_EXCL);
    });
    return true;
  } catch (cause) {
    if (hasCode(cause, 'EEXIST')) return false;
    throw writeError(path, cause);
  } finally {
    await rm(aside, { force: true }).catch(() => undefined);
  }
}

/** Undefined where the lock is gone or damaged. */
async function readOwner(path: string): Promise<LockOwner | undefined> {
  try {
    return ownerSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Only for a process of this machine can it be known that it is gone. */
function isStale({ pid, host, token }: LockOwner): boolean {
  if (!isHere(host)) return false;
  // In a container that was started again, the process that died had the number that this one has.
  if (pid === process.pid) return !held.has(token);
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    // EPERM: the process lives and belongs to somebody else.
    return hasCode(error, 'ESRCH');
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
