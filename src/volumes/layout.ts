/** @file What a text header says about a volume, as plain data, and what of it is possible. */
import { ImageError } from '../base/errors.ts';
import type { VolumeGrid } from './affine.ts';
import { VALUE_BYTES, type ValueType } from './values.ts';

/** A distance along an axis is 1 where the file does not tell it. */
export interface VolumeLayout extends VolumeGrid {
  readonly type: ValueType;
  readonly littleEndian: boolean;
  readonly packing: 'raw' | 'gzip' | 'zlib';
  /** Where the values begin in the file. */
  readonly dataAt: number;
  /** What is skipped there once they are unpacked; -1: all but the values at the end. */
  readonly skipBytes: number;
}

/** Values of the widest type then take 320 MB, and are held twice while they are read. */
export const MAX_VALUES = 40e6;
const MAX_AXES = 16;

/** What may follow the values: padding, a line break. */
const SLACK_BYTES = 2 ** 20;

/** Most bytes of a header, as text: what is longer is none. */
const HEADER_LIMIT = 65_536;

/** The text at the beginning of a file, a character a byte. */
export function headText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, HEADER_LIMIT)).toString('latin1');
}

/** Whole numbers above 0 in a list of so many, or undefined. */
export function sizesOf(text: string): number[] | undefined {
  const sizes = text.trim().split(/\s+/).map(Number);
  return sizes.every((size) => Number.isSafeInteger(size) && size > 0) ? sizes : undefined;
}

/** @throws ImageError for sizes that are impossible, or beyond what is read. */
export function requireSizes(
  dims: readonly number[] | undefined,
  name: string,
  maxValues = MAX_VALUES,
): void {
  const limit = Math.min(maxValues, MAX_VALUES);
  const values = dims?.reduce((product, size) => product * size, 1) ?? 0;
  if (dims !== undefined && dims.length >= 1 && dims.length <= MAX_AXES && values <= limit) return;
  throw new ImageError({
    seen: `${name} claims ${dims === undefined ? 'sizes that are no whole numbers' : `${dims.join(' x ')} values`}`,
    need: `Volumes have 1 to ${MAX_AXES} axes and at most ${limit / 1e6} million values`,
    fix: 'Save it again, or leave it out',
  });
}

/** Longest part of a file that a header lets skip. */
const LONGEST_SKIP = 2 ** 24;

/** A number of bytes or lines that are skipped, 0 unless there is one; -1 as in `skipBytes`. @throws ImageError for others. */
export function skipOf(text: string | undefined, name: string): number {
  const skip = Number(text ?? 0);
  if (Number.isSafeInteger(skip) && skip >= -1 && skip <= LONGEST_SKIP) return skip;
  throw unreadableHeader(name, `says that ${text} bytes or lines are skipped`, `At most ${LONGEST_SKIP} are`);
}

/** Bytes of all values. */
export function dataBytes({ dims, type }: Pick<VolumeLayout, 'dims' | 'type'>): number {
  return dims.reduce((product, size) => product * size, VALUE_BYTES[type]);
}

/** Bytes that a file of these values has at most: deflate makes hardly anything longer than it is. */
export function mostBytes(layout: VolumeLayout): number {
  return Math.max(layout.skipBytes, 0) + dataBytes(layout) + SLACK_BYTES;
}

/** What is wrong with a header, said as every reader of volumes says it. */
export function unreadableHeader(name: string, what: string, need: string): ImageError {
  return new ImageError({ seen: `${name} ${what}`, need, fix: 'Save it again, or leave it out' });
}
