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

/** The bytes of a file. Throws as openRegularFile. */
export async function readRegularFile(path: string): Promise<Buffer> {
  const file = await openRegularFile(path);
  try {
    return await readFile(file);
  } finally {
    await file.close();
  }
}
