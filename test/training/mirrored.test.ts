import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildModel } from '../../src/graph/build.ts';
import { mul } from '../../src/graph/ops/elementwise.ts';
import { concat } from '../../src/graph/ops/join.ts';
import { constant, input, type Tensor } from '../../src/graph/tensor.ts';
import { openSession } from '../../src/runtime/session.ts';
import { float32 } from '../../src/tensor/array.ts';
import { mirroredMean } from '../../src/training/mirrored.ts';

const SIZE = [1, 1, 2, 3] as const;
/** Three classes, the first two of them twins. */
const MIRROR = [1, 0, 2];

/** Says of each class a number of the place times what the image shows there. */
function placed(weights: readonly number[]) {
  return (images: Tensor): Tensor =>
    concat(
      [0, 6, 12].map((at) =>
        mul(images, constant(float32([1, 1, 2, 3], Float32Array.from(weights.slice(at, at + 6))))),
      ),
      1,
    );
}

async function meanOf(weights: readonly number[], image: readonly number[]): Promise<number[]> {
  const mean = mirroredMean(placed(weights), input('image', SIZE), MIRROR);
  const session = await openSession(buildModel({ mean }), { threads: 1 });
  const { mean: answer } = await session.run({ image: float32(SIZE, Float32Array.from(image)) });
  await session.close();
  return [...(answer!.data as Float32Array)];
}

const FROM_RIGHT = [2, 1, 0, 5, 4, 3];

describe('what is said about an image and its mirror image', () => {
  it('is the mean of both in the frame of the image, twins by their own names', async () => {
    const first = [1, 0, 0, 0, 0, 0];
    const second = [0, 0, 0, 0, 0, 0];
    const third = [0, 0, 4, 0, 0, 0];
    // Only the upper left pixel is set: the first class is seen there, the third only in the mirror image.
    const answer = await meanOf([...first, ...second, ...third], [1, 0, 0, 0, 0, 0]);
    expect(answer).toEqual([0.5, 0, 0, 0, 0, 0, ...second, 2, 0, 0, 0, 0, 0]);
  });

  it('of the mirror image is the same, mirrored', async () => {
    const numbers = fc.integer({ min: -8, max: 8 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(numbers, { minLength: 18, maxLength: 18 }),
        fc.array(numbers, { minLength: 6, maxLength: 6 }),
        async (weights, image) => {
          const upright = await meanOf(weights, image);
          const turned = await meanOf(
            weights,
            FROM_RIGHT.map((at) => image[at]!),
          );
          const back = MIRROR.flatMap((k) => FROM_RIGHT.map((at) => turned[6 * k + at]!));
          expect(back).toEqual(upright);
        },
      ),
      { numRuns: 20 },
    );
  });
});
