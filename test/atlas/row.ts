/** Rows of equal blocks, one of each class, side by side: what an atlas is to tell apart. */
import type { Structure } from '../../src/annotations/types.ts';
import type { Size } from '../../src/base/geometry.ts';
import { encodeRle } from '../../src/masks/rle.ts';

export const SIZE: Size = { height: 20, width: 60 };
export const CLASSES = 5;
const SIDE = 8;

/** The pixels of the block of a class in a row that is shifted, by image coordinates. */
export function block(classIndex: number, [shiftX, shiftY]: readonly [number, number] = [0, 0]): Uint8Array {
  const data = new Uint8Array(SIZE.height * SIZE.width);
  for (let y = 0; y < SIDE; y++) {
    const row = (6 + shiftY + y) * SIZE.width;
    const left = 6 + shiftX + classIndex * (SIDE + 1);
    data.fill(1, row + left, row + left + SIDE);
  }
  return data;
}

export function rowOf(
  classes: readonly number[],
  shift?: readonly [number, number],
): { size: Size; structures: Structure[] } {
  return {
    size: SIZE,
    structures: classes.map((classIndex) => ({
      classIndex,
      rle: encodeRle({ ...SIZE, data: block(classIndex, shift) }),
    })),
  };
}

/** A row whose blocks have other names. */
export function renamed(
  { size, structures }: ReturnType<typeof rowOf>,
  names: readonly number[],
): ReturnType<typeof rowOf> {
  return {
    size,
    structures: structures.map(({ classIndex, rle }) => ({ classIndex: names[classIndex]!, rle })),
  };
}
