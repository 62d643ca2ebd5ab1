/** @file The bytes of an image file, with an error that names it. */
import { ImageError } from '../base/errors.ts';
import { readRegularFile } from '../base/regular-file.ts';

/** @throws ImageError where the file is missing or may not be read. */
export async function readImageBytes(path: string): Promise<Uint8Array> {
  return readRegularFile(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
}

export function unreadable(path: string, cause: unknown): ImageError {
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new ImageError(
    {
      seen: `${path} cannot be read (${detail})`,
      need: 'The file exists and may be read',
      fix: 'Check the path and the rights of the file',
    },
    { cause },
  );
}
