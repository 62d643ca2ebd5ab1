/**
 * @file The header of NIfTI-1 (R. W. Cox et al. 2004, nifti1.h) as plain data: 348 bytes in either byte order.
 *
 * Kept are the size, the value type, the voxel spacing, the scale of the values and where the voxels lie. They are taken
 * in the order of the file all the same, columns first, as SimpleITK does.
 */
import { ImageError } from '../base/errors.ts';
import { type Affine, affineOf } from '../volumes/affine.ts';

/** Bytes of the header, and where data may begin in a file of its own: four bytes say that no extension follows. */
export const HEADER_BYTES = 348;
const DATA_AT = 352;

/** Types of voxel values that are read, by their code in the header. */
const TYPES = {
  2: { name: 'uint8', bytes: 1 },
  4: { name: 'int16', bytes: 2 },
  8: { name: 'int32', bytes: 4 },
  16: { name: 'float32', bytes: 4 },
  64: { name: 'float64', bytes: 8 },
  256: { name: 'int8', bytes: 1 },
  512: { name: 'uint16', bytes: 2 },
  768: { name: 'uint32', bytes: 4 },
  1024: { name: 'int64', bytes: 8 },
  1280: { name: 'uint64', bytes: 8 },
} as const;

export type NiftiType = (typeof TYPES)[keyof typeof TYPES]['name'];

export interface NiftiHeader {
  /** Voxels along each axis, the fastest first: columns, rows, slices, ... */
  readonly dims: readonly number[];
  /** Distance of voxel centres along the axes of `dims`; 1 where the file tells no unit of length that is known. */
  readonly spacingMm: readonly number[];
  readonly type: NiftiType;
  /** A stored value v stands for v * slope + intercept. */
  readonly slope: number;
  readonly intercept: number;
  /** Absent where the file does not tell it. */
  readonly affine?: Affine;
}

/** A header and where its voxels are in the file, bytes. */
export interface DataPlace {
  readonly littleEndian: boolean;
  readonly dataAt: number;
  readonly dataBytes: number;
}

/** Millimetres in the units of length that bits 0 to 2 of xyzt_units name: metre, millimetre, micrometre. */
const UNIT_MM: Readonly<Record<number, number>> = { 1: 1000, 2: 1, 3: 0.001 };
const MILLIMETRE = 2;

/**
 * Reads the first 348 bytes of a file. `name` is the file's, for errors.
 * @throws ImageError for what is no NIfTI-1 file, sizes that are impossible or beyond `maxVoxels`, and value types
 * that are no single numbers.
 */
export function decodeHeader(bytes: Uint8Array, name: string, maxVoxels: number): NiftiHeader & DataPlace {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = bytes.length >= HEADER_BYTES && view.getInt32(0, true) === HEADER_BYTES;
  const big = bytes.length >= HEADER_BYTES && view.getInt32(0, false) === HEADER_BYTES;
  const magic = Buffer.from(bytes.subarray(344, 348)).toString('latin1');
  if (!(little || big) || magic !== 'n+1\0') {
    throw new ImageError({
      seen: `${name} is ${magic === 'ni1\0' ? 'half of a NIfTI pair (.hdr and .img)' : 'no NIfTI-1 file'} by its header`,
      need: 'NIfTI files are of version 1 and hold header and voxels in one file (.nii or .nii.gz)',
      fix: 'Save it again as .nii.gz, or leave it out',
    });
  }
  const axes = view.getInt16(40, little);
  const dims = Array.from({ length: Math.min(Math.max(axes, 0), 7) }, (_, i) =>
    view.getInt16(42 + 2 * i, little),
  );
  const voxels = dims.reduce((product, size) => product * size, 1);
  if (axes < 1 || axes > 7 || dims.some((size) => size < 1) || voxels > maxVoxels) {
    throw new ImageError({
      seen: `${name} claims ${axes} axes of ${dims.join(' x ')} voxels`,
      need: `NIfTI files have 1 to 7 axes and at most ${maxVoxels / 1e6} million voxels`,
      fix: 'Save it again, or leave it out',
    });
  }
  const code = view.getInt16(70, little);
  const type = TYPES[code as keyof typeof TYPES];
  if (type === undefined) {
    throw new ImageError({
      seen: `${name} has voxels of the NIfTI type ${code}`,
      need: `Voxels are single numbers: ${Object.values(TYPES)
        .map((known) => known.name)
        .join(', ')}`,
      fix: 'Save it again with one of these types',
    });
  }
  const dataAt = view.getFloat32(108, little);
  if (!Number.isInteger(dataAt) || dataAt < DATA_AT || dataAt > 2 ** 24) {
    throw new ImageError({
      seen: `${name} says that its voxels begin at byte ${dataAt}`,
      need: `Voxels begin at a whole byte from ${DATA_AT} on`,
      fix: 'Save it again, or leave it out',
    });
  }
  const unit = UNIT_MM[view.getUint8(123) & 7] ?? 1;
  const spacingMm = dims.map((_, i) => {
    const step = Math.abs(view.getFloat32(80 + 4 * i, little)) * (i < 3 ? unit : 1);
    return Number.isFinite(step) && step > 0 ? step : 1;
  });
  const affine = decodeAffine(view, little, unit);
  const [slope, intercept] = [view.getFloat32(112, little), view.getFloat32(116, little)];
  // A slope of 0 means that values are not scaled at all.
  const scaled = Number.isFinite(slope) && Number.isFinite(intercept) && slope !== 0;
  return {
    dims,
    spacingMm,
    type: type.name,
    slope: scaled ? slope : 1,
    intercept: scaled ? intercept : 0,
    ...(affine && { affine }),
    littleEndian: little,
    dataAt,
    dataBytes: voxels * type.bytes,
  };
}

/** The matrix as the file has it (method 3, the sform), else by its quaternion (method 2, the qform). `unit`: mm. */
function decodeAffine(view: DataView, little: boolean, unit: number): Affine | undefined {
  const number = (at: number): number => view.getFloat32(at, little);
  const [hasQuaternion, hasMatrix] = [252, 254].map((at) => view.getInt16(at, little) > 0);
  const column = (values: readonly number[]): number[] => values.map((value) => value * unit);
  if (hasMatrix) {
    const columns = [0, 1, 2, 3].map((col) =>
      column([0, 1, 2].map((row) => number(280 + 16 * row + 4 * col))),
    );
    return affineOf(columns, columns[3]!, [1, 1, 1]);
  }
  if (!hasQuaternion) return undefined;
  const [b, c, d] = [number(256), number(260), number(264)] as const;
  const a = Math.sqrt(Math.max(0, 1 - b * b - c * c - d * d));
  const flip = number(76) < 0 ? -1 : 1;
  const turned = [
    [a * a + b * b - c * c - d * d, 2 * (b * c + a * d), 2 * (b * d - a * c)],
    [2 * (b * c - a * d), a * a + c * c - b * b - d * d, 2 * (c * d + a * b)],
    [2 * (b * d + a * c), 2 * (c * d - a * b), a * a + d * d - b * b - c * c].map((value) => flip * value),
  ];
  const steps = turned.map((axis, i) => column(axis.map((value) => value * Math.abs(number(80 + 4 * i)))));
  return affineOf(steps, column([number(268), number(272), number(276)]), [1, 1, 1]);
}

/**
 * The header of a little-endian file and the four bytes after it. Without an affine the axes are those of a picture:
 * columns to the patient's left and rows to the back, which is what ITK writes for a picture without orientation.
 */
export function encodeHeader({ dims, spacingMm, type, slope, intercept, affine }: NiftiHeader): Uint8Array {
  const bytes = new Uint8Array(DATA_AT);
  const view = new DataView(bytes.buffer);
  const [code, { bytes: valueBytes }] = Object.entries(TYPES).find(([, known]) => known.name === type)!;
  view.setInt32(0, HEADER_BYTES, true);
  view.setInt16(40, dims.length, true);
  for (let i = 0; i < 7; i++) view.setInt16(42 + 2 * i, dims[i] ?? 1, true);
  view.setInt16(70, Number(code), true);
  view.setInt16(72, 8 * valueBytes, true);
  view.setFloat32(76, 1, true);
  for (let i = 0; i < 7; i++) view.setFloat32(80 + 4 * i, spacingMm[i] ?? 1, true);
  view.setFloat32(108, DATA_AT, true);
  view.setFloat32(112, slope, true);
  view.setFloat32(116, intercept, true);
  view.setUint8(123, MILLIMETRE);
  bytes.set(Buffer.from('n+1\0', 'latin1'), 344);
  view.setInt16(254, 1, true);
  if (affine !== undefined) {
    affine.forEach((value, i) => {
      view.setFloat32(280 + 4 * i, value, true);
    });
    return bytes;
  }
  // Both forms of the orientation, in scanner coordinates (1): half a turn about z as a quaternion (0, 0, 1), and rows.
  view.setInt16(252, 1, true);
  view.setFloat32(264, 1, true);
  for (let row = 0; row < 3; row++) {
    view.setFloat32(280 + 20 * row, (row < 2 ? -1 : 1) * (spacingMm[row] ?? 1), true);
  }
  return bytes;
}
