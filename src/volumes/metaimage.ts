/**
 * @file The header of MetaImage files (.mha, .mhd; Kitware's MetaIO): lines of `Key = Value`, of which ElementDataFile is
 * the last and says where the values are: LOCAL, right after it, or in a file of their own.
 */
import { type Affine, affineOf, LPS } from './affine.ts';
import { readDataFile } from './data-file.ts';
import {
  headText,
  mostBytes,
  requireSizes,
  sizesOf,
  skipOf,
  unreadableHeader,
  type VolumeLayout,
} from './layout.ts';
import type { ValueType } from './values.ts';

const NEED = 'MetaImages are of numbers in binary form, with DimSize, ElementType and ElementDataFile';

/** MET_LONG has four bytes, whatever a long of the machine has. */
const TYPES: Readonly<Record<string, ValueType>> = {
  MET_CHAR: 'int8',
  MET_UCHAR: 'uint8',
  MET_SHORT: 'int16',
  MET_USHORT: 'uint16',
  MET_INT: 'int32',
  MET_UINT: 'uint32',
  MET_LONG: 'int32',
  MET_ULONG: 'uint32',
  MET_LONG_LONG: 'int64',
  MET_ULONG_LONG: 'uint64',
  MET_FLOAT: 'float32',
  MET_DOUBLE: 'float64',
};

const LAST_LINE = /^ElementDataFile[ \t]*=[ \t]*(.*?)[ \t]*\r?(?:\n|$)/m;

export function isMetaImage(start: Uint8Array): boolean {
  return /^(ObjectType|NDims|Comment|ObjectSubType)[ \t]*=/.test(headText(start.subarray(0, 132)));
}

/** The file with its values right after the header; as it is where they are there already. @throws ImageError as both. */
export async function gatherMetaImage(bytes: Uint8Array, path: string): Promise<Uint8Array> {
  const text = headText(bytes);
  const last = LAST_LINE.exec(text);
  if (last === null || isLocal(last[1]!)) return bytes;
  const head = `${text.slice(0, last.index)}ElementDataFile = LOCAL\n`;
  const header = Buffer.from(head, 'latin1');
  const values = await readDataFile(path, last[1]!, mostBytes(parseMetaImage(header, path)));
  return Buffer.concat([header, values]);
}

const isLocal = (file: string): boolean => file.toUpperCase() === 'LOCAL';

/** @throws ImageError for what is no MetaImage, sizes that are impossible, and values that are no single numbers. */
export function parseMetaImage(bytes: Uint8Array, name: string, maxValues?: number): VolumeLayout {
  const text = headText(bytes);
  const last = LAST_LINE.exec(text);
  if (last === null) throw unreadableHeader(name, 'has no line ElementDataFile', NEED);
  if (!isLocal(last[1]!)) throw unreadableHeader(name, `has its values in ${last[1]}`, NEED);
  const fields = fieldsOf(text.slice(0, last.index));
  const value = (key: string): string => fields.get(key) ?? '';
  const objectType = fields.get('ObjectType') ?? 'Image';
  if (objectType !== 'Image') throw unreadableHeader(name, `is a MetaIO object of type ${objectType}`, NEED);
  const dims = sizesOf(value('DimSize'));
  requireSizes(dims, name, maxValues);
  if (Number(value('NDims')) !== dims!.length) {
    throw unreadableHeader(name, `has ${value('NDims') || 'no'} NDims and ${dims!.length} sizes`, NEED);
  }
  const type = TYPES[value('ElementType')];
  if (type === undefined) {
    throw unreadableHeader(name, `has values of the type ${value('ElementType') || 'of no name'}`, NEED);
  }
  if (Number(fields.get('ElementNumberOfChannels') ?? 1) !== 1) {
    throw unreadableHeader(
      name,
      `has ${value('ElementNumberOfChannels')} channels`,
      'MetaImages are grey: of one channel',
    );
  }
  if (!isTrue(fields.get('BinaryData') ?? 'True'))
    throw unreadableHeader(name, 'has its values as text', NEED);
  const spacingMm = spacingOf(fields.get('ElementSpacing') ?? fields.get('ElementSize') ?? '', dims!.length);
  const affine = placeOf(fields, spacingMm);
  return {
    dims: dims!,
    spacingMm,
    ...(affine && { affine }),
    type,
    littleEndian: !isTrue(fields.get('ElementByteOrderMSB') ?? value('BinaryDataByteOrderMSB')),
    packing: isTrue(value('CompressedData')) ? 'zlib' : 'raw',
    dataAt: last.index + last[0].length,
    // Bytes before the values in a file of their own; -1: they are at its end.
    skipBytes: skipOf(fields.get('HeaderSize'), name),
  };
}

/** The directions of the axes, one after the other, and the place of the first value, each under any of its names. */
function placeOf(fields: ReadonlyMap<string, string>, spacingMm: readonly number[]): Affine | undefined {
  const numbers = (...names: string[]): number[] | undefined =>
    names
      .flatMap((name) => fields.get(name) ?? [])[0]
      ?.split(/\s+/)
      .map(Number);
  const turn = numbers('TransformMatrix', 'Rotation', 'Orientation');
  const steps = [0, 1, 2].map((axis) =>
    turn?.slice(3 * axis, 3 * axis + 3).map((value) => value * (spacingMm[axis] ?? 1)),
  );
  return affineOf(steps, numbers('Offset', 'Position', 'Origin') ?? [0, 0, 0], LPS);
}

function fieldsOf(text: string): Map<string, string> {
  const lines = text.split(/\r?\n/).map((line) => /^(\w+)[ \t]*=[ \t]*(.*?)[ \t]*$/.exec(line));
  return new Map(lines.flatMap((match) => (match === null ? [] : [[match[1]!, match[2]!] as const])));
}

const isTrue = (text: string): boolean => /^[t1]/i.test(text);

function spacingOf(text: string, axes: number): number[] {
  const steps = text.split(/\s+/).map((word) => Math.abs(Number(word)));
  return Array.from({ length: axes }, (_, i) => {
    const step = steps[i] ?? 1;
    return Number.isFinite(step) && step > 0 ? step : 1;
  });
}
