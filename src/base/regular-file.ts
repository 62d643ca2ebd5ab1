/** @file Reading files of unknown origin: a pipe or device in the place of one would be waited for without end. */
import { constants, type FileHandle, open, readFile } from 'node:fs/promises';

/** Where the system knows it (Windows does not), opening a pipe does not wait for somebody to write into it. */
const WITHOUT_WAITING = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** The open file; close it when done. Throws as the system does, and an Error for what is no file or folder. */
export async function openRegularFile(path: string): Promise<FileHandle> {
  const file = await open(path, WITHOUT_WAITING);
  try {
    const stats = await file.stat();
    // A folder is left to whoever reads it: the system's error says what it is.
    if (stats.isFile() || stats.isDirectory()) return file;
  } catch (error) {
    await file.close();
    throw error;
  }
  await file.close();
  throw new Error('it is a pipe or device, and no file');
}

/** A file is larger than whoever reads it has room for. The text continues `FILE ...`. */
export class TooLargeError extends Error {}

/** The bytes of a file, of which there may be `most`. Throws as openRegularFile, and TooLargeError. */
export async function readRegularFile(path: string, most = Number.POSITIVE_INFINITY): Promise<Buffer> {
  const file = await openRegularFile(path);
  try {
    const { size } = await file.stat();
    if (size > most) throw new TooLargeError(`has ${megabytes(size)} MB, more than ${megabytes(most)} MB`);
    return await readFile(file);
  } finally {
    await file.close();
  }
}

const megabytes = (bytes: number): number => Math.ceil(bytes / 1e6);
