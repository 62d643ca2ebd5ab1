/** @file The values of a volume in a file of their own, which a header names: beside it or below, and nowhere else. */
import { realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { ImageError } from '../base/errors.ts';
import { openRegularFile } from '../base/regular-file.ts';

/**
 * The bytes of the file that the header at `path` names.
 * @param most bytes that are read, lest a header makes us read whatever it likes
 * @throws ImageError for a list or pattern of files, a file outside the folder of the header, and one that cannot be read
 */
export async function readDataFile(path: string, file: string, most: number): Promise<Uint8Array> {
  if (file === '' || /^LIST\b|%\d*d/i.test(file)) {
    throw refused(path, file, 'one file of values for each header', 'Save the volume as one file');
  }
  const folder = dirname(path);
  const inside = (root: string, target: string): boolean => {
    const way = relative(root, target);
    return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
  };
  const elsewhere = (): ImageError =>
    refused(path, file, 'a file in the folder of the header or below it', 'Put both into one folder');
  if (isAbsolute(file) || file.includes('\0') || !inside(folder, join(folder, file))) throw elsewhere();
  try {
    // A link may lead anywhere.
    const target = await realpath(join(folder, file));
    if (!inside(await realpath(folder), target)) throw elsewhere();
    const opened = await openRegularFile(target);
    try {
      const { size } = await opened.stat();
      if (size > most)
        throw refused(path, file, `at most ${most} bytes, by its header`, 'Save the volume again');
      return await opened.readFile();
    } finally {
      await opened.close();
    }
  } catch (cause) {
    if (cause instanceof ImageError) throw cause;
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new ImageError(
      {
        seen: `The values of ${path} cannot be read (${detail})`,
        need: 'The file that the header names, beside it',
        fix: 'Copy both again from their source, or leave it out',
      },
      { cause },
    );
  }
}

function refused(path: string, file: string, need: string, fix: string): ImageError {
  return new ImageError({
    seen: `${path} has its values in ${file === '' ? 'a file without a name' : file}`,
    need: `A volume has ${need}`,
    fix: `${fix}, or leave it out`,
  });
}
