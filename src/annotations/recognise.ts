/** @file A short look at a path: its ending and the first of its bytes. */
import { openRegularFile } from '../base/regular-file.ts';

/** How much of a file is looked at; enough to pass a long `info` or `meta` head. */
const LOOK_BYTES = 65536;

/** Whether `path` is a file with this ending (lower case) whose first bytes contain `pattern`. */
export async function startsLike(path: string, ending: string, pattern: RegExp): Promise<boolean> {
  if (!path.toLowerCase().endsWith(ending)) return false;
  try {
    const file = await openRegularFile(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(LOOK_BYTES), 0, LOOK_BYTES, 0);
      return pattern.test(buffer.toString('utf8', 0, bytesRead));
    } finally {
      await file.close();
    }
  } catch {
    // A path that cannot be read is no file of this format; reading it says why.
    return false;
  }
}
