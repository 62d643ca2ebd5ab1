/** @file Whether a picture can be read in a gigabyte of memory, of which the process itself takes some. */
import { ImageError } from '../base/errors.ts';

const MAX_BYTES = 900e6;

/**
 * `fileBytes` of the file and its copies and `pictureBytes` of the decoded picture and its copies, which are in memory at
 * once. `name` is the file's, for errors.
 * @throws ImageError where that is too much.
 */
export function requireRoom(name: string, fileBytes: number, pictureBytes: number): void {
  if (fileBytes + pictureBytes <= MAX_BYTES) return;
  throw new ImageError({
    seen: `${name} would take ${megabytes(fileBytes + pictureBytes)} MB of memory to read`,
    need: `Reading an image takes at most ${megabytes(MAX_BYTES)} MB for its file and its pixels`,
    fix: 'Make it smaller, cut it, save it as grey, or leave it out',
  });
}

const megabytes = (bytes: number): number => Math.ceil(bytes / 1e6);
