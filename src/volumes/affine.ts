/** @file Where the voxels of a volume lie in space, whatever its format says of that. */

/**
 * The rows of a matrix of 3 x 4 that makes of [column, row, slice, 1] a point in mm: to the patient's right, front and
 * head, as NIfTI has it (RAS).
 */
export type Affine = readonly number[];

/** How the voxels of a volume lie: what a label map of it needs beside its labels. */
export interface VolumeGrid {
  /** Voxels along each axis, the fastest first: columns, rows, slices, ... */
  readonly dims: readonly number[];
  /** Along the axes of `dims`. */
  readonly spacingMm: readonly number[];
  /** Absent where the file does not tell it. */
  readonly affine?: Affine;
}

/** +1 for axes of a file that point as those of an Affine do, else -1: to the left, to the back, to the feet. */
export type AxisSigns = readonly [number, number, number];

/** What DICOM, ITK and 3D Slicer say: left, posterior, superior. */
export const LPS: AxisSigns = [-1, -1, 1];

/**
 * The matrix by the steps from voxel to voxel along columns, rows and slices, and the place of the first voxel, all mm.
 * undefined unless they are three such vectors that span a space.
 */
export function affineOf(
  steps: readonly (readonly number[] | undefined)[],
  origin: readonly number[],
  signs: AxisSigns,
): Affine | undefined {
  const columns = [...steps.slice(0, 3), origin];
  if (columns.length < 4 || columns.some((column) => column?.length !== 3)) return undefined;
  const affine = signs.flatMap((sign, axis) => columns.map((column) => sign * column![axis]! + 0));
  return affine.every(Number.isFinite) && determinant(affine) !== 0 ? affine : undefined;
}

/** The matrix of one slice alone. */
export function affineOfSlice(affine: Affine, slice: number): Affine {
  return affine.map((value, i) => (i % 4 === 3 ? value + slice * affine[i - 1]! : value));
}

function determinant(m: Affine): number {
  const at = (row: number, col: number): number => m[row * 4 + col]!;
  return [0, 1, 2].reduce((sum, col) => {
    const [a, b] = [(col + 1) % 3, (col + 2) % 3];
    return sum + at(0, col) * (at(1, a) * at(2, b) - at(1, b) * at(2, a));
  }, 0);
}
