/** @file MetaImage and NRRD files as their programs write them, for tests. */
import { deflateSync, gzipSync } from 'node:zlib';
import { VALUE_BYTES, type ValueType } from '../../src/volumes/values.ts';

export interface VolumeFile {
  readonly type: ValueType;
  readonly dims: readonly number[];
  readonly values: readonly number[];
  readonly littleEndian?: boolean;
  readonly compressed?: boolean;
  /** Further lines of the header. */
  readonly lines?: readonly string[];
}

/** The values as the file stores them, uncompressed. */
export function storedValues({ type, values, littleEndian = true }: VolumeFile): Buffer {
  const width = VALUE_BYTES[type];
  const bytes = Buffer.alloc(values.length * width);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  values.forEach((value, i) => {
    const at = i * width;
    if (type === 'float32') view.setFloat32(at, value, littleEndian);
    else if (type === 'float64') view.setFloat64(at, value, littleEndian);
    else if (type === 'int64') view.setBigInt64(at, BigInt(value), littleEndian);
    else if (type === 'uint64') view.setBigUint64(at, BigInt(value), littleEndian);
    else if (width === 1) view.setUint8(at, value & 0xff);
    else if (width === 2) view.setUint16(at, value & 0xffff, littleEndian);
    else view.setUint32(at, value >>> 0, littleEndian);
  });
  return bytes;
}

const META_TYPES: Readonly<Record<ValueType, string>> = {
  int8: 'MET_CHAR',
  uint8: 'MET_UCHAR',
  int16: 'MET_SHORT',
  uint16: 'MET_USHORT',
  int32: 'MET_INT',
  uint32: 'MET_UINT',
  int64: 'MET_LONG_LONG',
  uint64: 'MET_ULONG_LONG',
  float32: 'MET_FLOAT',
  float64: 'MET_DOUBLE',
};

/** The header, which ends with the name of the file that has the values. */
export function metaHeader(file: VolumeFile, dataFile = 'LOCAL'): string {
  const { type, dims, littleEndian = true, compressed = false, lines = [] } = file;
  return [
    'ObjectType = Image',
    `NDims = ${dims.length}`,
    'BinaryData = True',
    `BinaryDataByteOrderMSB = ${littleEndian ? 'False' : 'True'}`,
    `CompressedData = ${compressed ? 'True' : 'False'}`,
    `DimSize = ${dims.join(' ')}`,
    `ElementType = ${META_TYPES[type]}`,
    ...lines,
    `ElementDataFile = ${dataFile}\n`,
  ].join('\n');
}

export function metaImage(file: VolumeFile): Buffer {
  const values = storedValues(file);
  return Buffer.concat([Buffer.from(metaHeader(file)), file.compressed ? deflateSync(values) : values]);
}

export function nrrdHeader(file: VolumeFile): string {
  const { type, dims, littleEndian = true, compressed = false, lines = [] } = file;
  const name = { float32: 'float', float64: 'double' }[type as string] ?? type;
  return [
    'NRRD0004',
    '# Complete NRRD file format specification at:',
    `type: ${name}`,
    `dimension: ${dims.length}`,
    `sizes: ${dims.join(' ')}`,
    `encoding: ${compressed ? 'gzip' : 'raw'}`,
    `endian: ${littleEndian ? 'little' : 'big'}`,
    ...lines,
  ].join('\n');
}

export function nrrd(file: VolumeFile): Buffer {
  const values = storedValues(file);
  return Buffer.concat([Buffer.from(`${nrrdHeader(file)}\n\n`), file.compressed ? gzipSync(values) : values]);
}
