/** @file Whether a picture can be read in a gigabyte of memory, of which the process itself takes some, and in 5 seconds. */
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

const MAX_SECONDS = 5;

/**
 * `seconds` of processor time that decoding takes at most, by what was measured. `name` is the file's, for errors.
 * @throws ImageError where that is too much.
 */
export function requireTime(name: string, seconds: number): void {
  if (seconds <= MAX_SECONDS) return;
  throw new ImageError({
    seen: `${name} would take up to ${Math.ceil(seconds)} s to decode`,
    need: `Reading an image takes at most ${MAX_SECONDS} s of processor time`,
    fix: 'Make it smaller, cut it, compress it in another way (gdcmconv --raw), or leave it out',
  });
}

const megabytes = (bytes: number): number => Math.ceil(bytes / 1e6);
