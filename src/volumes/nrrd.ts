/**
 * @file The header of NRRD files (.nrrd, .nhdr; teem's nearly raw raster data, versions 1 to 5): lines of `field: value`
 * up to an empty one, after which the values follow, unless a field names the file that has them.
 */
import { type AxisSigns, affineOf, LPS } from './affine.ts';
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
import { VALUE_BYTES, type ValueType } from './values.ts';

const NEED = 'NRRD files are of numbers, raw or gzip, with dimension, sizes, type, encoding and endian';

/** The names of types that NRRD has, without spaces before and after. */
const TYPES: Readonly<Record<ValueType, readonly string[]>> = {
  int8: ['signed char', 'int8', 'int8_t'],
  uint8: ['uchar', 'unsigned char', 'uint8', 'uint8_t'],
  int16: ['short', 'short int', 'signed short', 'signed short int', 'int16', 'int16_t'],
  uint16: ['ushort', 'unsigned short', 'unsigned short int', 'uint16', 'uint16_t'],
  int32: ['int', 'signed int', 'int32', 'int32_t'],
  uint32: ['uint', 'unsigned int', 'uint32', 'uint32_t'],
  int64: [
    'longlong',
    'long long',
    'long long int',
    'signed long long',
    'signed long long int',
    'int64',
    'int64_t',
  ],
  uint64: ['ulonglong', 'unsigned long long', 'unsigned long long int', 'uint64', 'uint64_t'],
  float32: ['float'],
  float64: ['double'],
};

/** Axes of which a position is a place; on all others lie the parts of a value. */
const PLACES = ['domain', 'space', 'time', 'none', '???'];

const UNIT_MM: Readonly<Record<string, number>> = { mm: 1, cm: 10, m: 1000, um: 0.001, µm: 0.001, μm: 0.001 };

/** The frames in which a NRRD may lie. */
const SPACES: Readonly<Record<string, AxisSigns>> = {
  'left-posterior-superior': LPS,
  lps: LPS,
  'right-anterior-superior': [1, 1, 1],
  ras: [1, 1, 1],
  'left-anterior-superior': [-1, 1, 1],
  las: [-1, 1, 1],
};

const END = /\r?\n\r?\n/;

export function isNrrd(start: Uint8Array): boolean {
  return /^NRRD000[1-5]/.test(headText(start.subarray(0, 8)));
}

/** The file with its values right after the header; as it is where they are there already. @throws ImageError as both. */
export async function gatherNrrd(bytes: Uint8Array, path: string): Promise<Uint8Array> {
  const [text = ''] = headText(bytes).split(END);
  const file = fieldsOf(text).get('data file');
  if (file === undefined) return bytes;
  const kept = text.split(/\r?\n/).filter((line) => line !== '' && !/^data ?file:/i.test(line));
  const header = Buffer.from(`${kept.join('\n')}\n\n`, 'latin1');
  const values = await readDataFile(path, file, mostBytes(parseNrrd(header, path)));
  return Buffer.concat([header, values]);
}

/** @throws ImageError for what is no NRRD, sizes that are impossible, and values that are no single numbers. */
export function parseNrrd(bytes: Uint8Array, name: string, maxValues?: number): VolumeLayout {
  const text = headText(bytes);
  const end = END.exec(text);
  const header = end === null ? text : text.slice(0, end.index);
  const fields = fieldsOf(header);
  const value = (field: string): string => fields.get(field) ?? '';
  if (fields.has('data file')) throw unreadableHeader(name, `has its values in ${value('data file')}`, NEED);
  const sizes = sizesOf(value('sizes'));
  requireSizes(sizes, name, maxValues);
  if (Number(value('dimension')) !== sizes!.length) {
    throw unreadableHeader(
      name,
      `has a dimension of ${value('dimension') || 'nothing'} and ${sizes!.length} sizes`,
      NEED,
    );
  }
  const type = (Object.keys(TYPES) as ValueType[]).find((key) =>
    TYPES[key].includes(value('type').toLowerCase()),
  );
  if (type === undefined)
    throw unreadableHeader(name, `has values of the type ${value('type') || 'of no name'}`, NEED);
  const packing = { raw: 'raw', gzip: 'gzip', gz: 'gzip' }[value('encoding').toLowerCase()];
  if (packing !== 'raw' && packing !== 'gzip') {
    throw unreadableHeader(name, `has values in the encoding ${value('encoding') || 'of no name'}`, NEED);
  }
  const endian = value('endian').toLowerCase();
  if (VALUE_BYTES[type] > 1 && endian !== 'little' && endian !== 'big') {
    throw unreadableHeader(name, `has an endian of ${endian || 'nothing'}`, NEED);
  }
  const directions = vectorsOf(value('space directions'));
  const kinds = value('kinds').toLowerCase().split(/\s+/);
  const hasParts =
    (kinds[0] !== '' && !PLACES.includes(kinds[0]!)) ||
    (directions.length > 0 && directions[0] === undefined);
  if (hasParts && sizes![0] !== 1) {
    throw unreadableHeader(
      name,
      `has ${sizes![0]} numbers at every place`,
      'NRRD files are grey: of one number a place',
    );
  }
  const places = hasParts ? 1 : 0;
  const unit =
    UNIT_MM[/"([^"]*)"/.exec(value(fields.has('space units') ? 'space units' : 'units'))?.[1] ?? 'mm'] ?? 1;
  const spacings = value('spacings').split(/\s+/).map(Number);
  const spacingMm = sizes!.map((_, i) => {
    const vector = directions[i];
    const step = (vector === undefined ? Math.abs(spacings[i] ?? 1) : Math.hypot(...vector)) * unit;
    return Number.isFinite(step) && step > 0 ? step : 1;
  });
  const signs = SPACES[value('space').toLowerCase()];
  const inMm = (vector: readonly number[] | undefined) => vector?.map((step) => step * unit);
  const affine =
    signs &&
    affineOf(
      directions.slice(places).map(inMm),
      inMm(vectorsOf(value('space origin'))[0]) ?? [0, 0, 0],
      signs,
    );
  const dataAt = end === null ? bytes.length : end.index + end[0].length;
  return {
    dims: sizes!.slice(places),
    spacingMm: spacingMm.slice(places),
    ...(affine && { affine }),
    type,
    littleEndian: endian !== 'big',
    packing,
    dataAt: afterLines(bytes, dataAt, skipOf(fields.get('line skip'), name)),
    skipBytes: skipOf(fields.get('byte skip'), name),
  };
}

/** What users of the format wrote into the header: `key:=value`. */
export function nrrdKeys(bytes: Uint8Array): ReadonlyMap<string, string> {
  const [text = ''] = headText(bytes).split(END);
  const found = text.split(/\r?\n/).map((line) => /^([^#:=]+):=(.*)$/.exec(line));
  return new Map(
    found.flatMap((match) => (match === null ? [] : [[match[1]!.trim(), utf8(match[2]!.trim())] as const])),
  );
}

const utf8 = (text: string): string => Buffer.from(text, 'latin1').toString('utf8');

/** Fields by their names in lower case, `datafile` as `data file`; comments and keys of users (`key:=value`) left out. */
function fieldsOf(header: string): Map<string, string> {
  const lines = header.split(/\r?\n/).slice(1);
  const found = lines.flatMap((line) => {
    const match = /^([^#:=]+): (.*?)\s*$/.exec(line);
    return match === null ? [] : [[match[1]!.trim().toLowerCase(), match[2]!] as const];
  });
  return new Map(
    found.map(([field, value]) => [field.replace(/^(data|line|byte) ?(file|skip)$/, '$1 $2'), value]),
  );
}

/** `none (0.2,0) (0,0.2)`: a vector an axis, undefined for none. */
function vectorsOf(text: string): (number[] | undefined)[] {
  return [...text.matchAll(/none|\(([^)]*)\)/gi)].map(([, inside]) => inside?.split(',').map(Number));
}

function afterLines(bytes: Uint8Array, from: number, lines: number): number {
  let at = from;
  for (let line = 0; line < lines && at < bytes.length; line++) {
    const next = bytes.indexOf(0x0a, at);
    if (next < 0) return bytes.length;
    at = next + 1;
  }
  return at;
}
