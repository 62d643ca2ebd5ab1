/** @file Writing files so that a reader never sees half of one: a temporary file beside it, then a rename. */
import { randomUUID } from 'node:crypto';
import {
  appendFile,
  constants,
  copyFile,
  link,
  mkdir,
  open,
  readdir,
  rm,
  stat,
  statfs,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { formatBytes } from './bytes.ts';
import { PackmuleError, RunError } from './errors.ts';
import { type Renaming, renameFile } from './rename.ts';
import { systemCode } from './system-code.ts';

/**
 * Writes a whole file, which may come in pieces, or leaves the old one as it was. Folders on the way are made.
 * @throws RunError when the disk is full, the folder may not be written or the path is not a file; whatever PackmuleError
 * the pieces throw.
 */
export async function writeFileAtomic(
  path: string,
  content: Uint8Array | string | Iterable<Uint8Array>,
  machine?: Renaming,
): Promise<void> {
  const temporary = temporaryBeside(path);
  const old = await stat(path).catch(() => undefined);
  // A rename would put a file in the place of a device such as /dev/null, for everybody.
  if (old !== undefined && !old.isFile() && !old.isDirectory()) {
    throw new RunError({
      seen: `${path} is a device or pipe`,
      need: 'The path is free or a file',
      fix: 'Choose another path',
    });
  }
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(temporary, 'wx');
    try {
      await writeFile(file, content);
      // Without this a power cut after the rename could leave an empty file under the final name.
      await file.sync();
    } finally {
      await file.close();
    }
    await renameFile(temporary, path, machine);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    // Of what was to be written, not of writing it.
    if (cause instanceof PackmuleError) throw cause;
    throw writeError(path, cause, machine?.platform);
  }
}

/**
 * Writes a whole file that is not there yet, and says whether it did: of several processes that try, one does. Whoever
 * finds it finds all of it. Folders on the way are made.
 * @throws RunError as writeFileAtomic.
 */
export async function createFileAtomic(path: string, content: string): Promise<boolean> {
  const aside = temporaryBeside(path);
  // Apart from the rest: a file in the place of the folder is no such file, though the system says EEXIST of both.
  await mkdir(dirname(path), { recursive: true }).catch((cause: unknown) => {
    throw writeError(path, cause);
  });
  try {
    await writeFile(aside, content, { flag: 'wx' });
    await link(aside, path).catch((cause: unknown) => {
      if (systemCode(cause) === 'EEXIST') throw cause;
      // Some disks know no links.
      return copyFile(aside, path, constants.COPYFILE_EXCL);
    });
    return true;
  } catch (cause) {
    if (systemCode(cause) === 'EEXIST') return false;
    throw writeError(path, cause);
  } finally {
    await rm(aside, { force: true }).catch(() => undefined);
  }
}

/** A path in the same folder that nothing has, for what is renamed or removed at once. */
export function temporaryBeside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
}

const TEMPORARY = /^\..+\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/;

/** Removes what processes that were killed while they wrote have left. Only where no other process writes there. */
export async function removeTemporaryFiles(folder: string): Promise<void> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  for (const name of names) {
    if (TEMPORARY.test(basename(name))) await rm(join(folder, name), { force: true });
  }
}

/** Adds a line to a file that is never rewritten. @throws RunError as writeFileAtomic. */
export async function appendLine(path: string, line: string): Promise<void> {
  await appendFile(path, `${line}\n`).catch((cause: unknown) => {
    throw writeError(path, cause);
  });
}

/**
 * Makes the folder and asks its disk. `work` is what would be written, such as `This run`, `fix` what helps.
 * @throws RunError when the disk of the folder has less than `bytes` free.
 */
export async function requireFreeSpace(
  folder: string,
  bytes: number,
  work: string,
  fix: string,
): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw writeError(folder, cause);
  });
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= bytes) return;
  throw new RunError({
    seen: `The disk of ${folder} has ${formatBytes(free)} free`,
    need: `${work} writes up to ${formatBytes(bytes)}`,
    fix,
  });
}

const REMEDIES: Readonly<Record<string, readonly [need: string, fix: string]>> = {
  ENOSPC: [
    'There is free space on the disk',
    'Free some space, then start the same command again: done work is kept',
  ],
  EDQUOT: [
    'The disk quota is not used up',
    'Free some space, then start the same command again: done work is kept',
  ],
  EACCES: ['The folder may be written', 'Change the rights of the folder, or choose another one'],
  EPERM: ['The folder may be written', 'Change the rights of the folder, or choose another one'],
  EROFS: ['The disk may be written', 'Choose a folder on a disk that is not read-only'],
  ERR_FS_EISDIR: ['The path is free or a file', 'Remove the folder of that name, or choose another path'],
  EISDIR: ['The path is free or a file', 'Remove the folder of that name, or choose another path'],
  ENOTDIR: [
    'Every part of the path but the last is a folder',
    'Remove the file in the way, or choose another path',
  ],
  EEXIST: [
    'Every part of the path but the last is a folder',
    'Remove the file in the way, or choose another path',
  ],
};

/** Windows says the same of a folder without rights and of a file that another program has open. */
const HELD = [
  'The folder may be written, and no other program has the file open',
  'Close what has it open (Excel, a virus scanner, OneDrive) or change the rights of the folder, then start the same command again: done work is kept',
] as const;

const WINDOWS_REMEDIES: typeof REMEDIES = { ...REMEDIES, EACCES: HELD, EPERM: HELD, EBUSY: HELD };

/** The RunError for a failed write to `path`: what went wrong and what to do about it. */
export function writeError(
  path: string,
  cause: unknown,
  platform: NodeJS.Platform = process.platform,
): RunError {
  const remedies = platform === 'win32' ? WINDOWS_REMEDIES : REMEDIES;
  const [need, fix] = remedies[systemCode(cause) ?? ''] ?? [
    'The file can be written',
    'Check the disk and the path',
  ];
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new RunError({ seen: `${path} could not be written (${detail})`, need, fix }, { cause });
}
