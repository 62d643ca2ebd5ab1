/** @file The bytes of an image file, with an error that names it. */
import { ImageError } from '../base/errors.ts';
import { MAX_IMAGE_BYTES } from '../base/limits.ts';
import { readRegularFile, TooLargeError } from '../base/regular-file.ts';

/** @throws ImageError where the file is missing, too large or may not be read. */
export async function readImageBytes(path: string): Promise<Uint8Array> {
  return readRegularFile(path, MAX_IMAGE_BYTES).catch((cause: unknown) => {
    throw cause instanceof TooLargeError ? tooLarge(path, cause) : unreadable(path, cause);
  });
}

function tooLarge(path: string, cause: TooLargeError): ImageError {
  return new ImageError(
    {
      seen: `${path} ${cause.message}`,
      need: `An image file has at most ${MAX_IMAGE_BYTES / 1e6} MB`,
      fix: 'Make the image smaller, cut or compress it, or leave it out',
    },
    { cause },
  );
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
