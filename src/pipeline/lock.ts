/** @file A lock file, so that two processes never work in one run directory. */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { z } from 'zod';
import { RunError } from '../base/errors.ts';
import { writeError } from '../base/files.ts';

const ownerSchema = z.object({
  pid: z.int().positive(),
  host: z.string(),
  started: z.string(),
  token: z.string(),
});

type LockOwner = Readonly<z.infer<typeof ownerSchema>>;

/**
 * Takes the lock and returns the function that gives it back. A lock whose process is gone is taken over.
 * @throws RunError when another process holds it.
 */
export async function acquireLock(path: string): Promise<() => Promise<void>> {
  const owner: LockOwner = {
    pid: process.pid,
    host: hostname(),
    started: new Date().toISOString(),
    token: randomUUID(),
  };
  for (let attempt = 0; attempt < 5; attempt++) {
    if (await tryCreate(path, owner)) {
      return async () => {
        if ((await readOwner(path))?.token === owner.token) await rm(path, { force: true });
      };
    }
    const other = await readOwner(path);
    if (other !== undefined && !isStale(other)) throw inUse(path, other);
    // Read once more just before: another process may have taken the stale lock over meanwhile.
    if ((await readOwner(path))?.token === other?.token) await removeLock(path);
  }
  throw new RunError({
    seen: `The lock ${path} changes hands again and again`,
    need: 'One process at a time works in a run directory',
    fix: 'Stop the other processes that work on this run, then start again',
  });
}

async function removeLock(path: string): Promise<void> {
  await rm(path, { force: true }).catch((cause: unknown) => {
    throw writeError(path, cause);
  });
}

async function tryCreate(path: string, owner: LockOwner): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true }).catch((cause: unknown) => {
    throw writeError(path, cause);
  });
  try {
    const file = await open(path, 'wx');
    try {
      await file.writeFile(`${JSON.stringify(owner)}\n`);
    } finally {
      await file.close();
    }
    return true;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') return false;
    await rm(path, { force: true }).catch(() => undefined);
    throw writeError(path, cause);
  }
}

/** Undefined where the lock is gone, was cut off while it was written, or is damaged. */
async function readOwner(path: string): Promise<LockOwner | undefined> {
  try {
    return ownerSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Only for a process of this machine can it be known that it is gone. */
function isStale({ pid, host }: LockOwner): boolean {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    // EPERM: the process lives and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}

function inUse(path: string, { pid, host, started }: LockOwner): RunError {
  const here = host === hostname();
  return new RunError({
    seen: `Process ${pid} on ${here ? 'this machine' : host} has been working in this run directory since ${started}`,
    need: 'One process at a time works in a run directory',
    fix: here
      ? `Wait for it or stop it, or choose another --name; if that process is not Packmule, delete ${path}`
      : `Wait for it or stop it; if it is certain that it is gone, delete ${path}`,
  });
}
