import { describe, expect, it } from 'vitest';
import { buildModel } from '../../src/graph/build.ts';
import { input } from '../../src/graph/tensor.ts';
import { openSession } from '../../src/runtime/session.ts';
import { float32 } from '../../src/tensor/array.ts';
import { labelLoss, taughtLabels } from '../../src/training/self-training.ts';
import type { Head } from '../../src/training/types.ts';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** What a teacher of two classes teaches on two pixels; its second image is flipped, and the classes are twins. */
async function taught(head: Head, logits: number[], withFlips: boolean): Promise<number[]> {
  const channels = head === 'exclusive' ? 3 : 2;
  const shape = [2, channels, 1, 2];
  const flips = { flipped: input('flipped', [2, 1, 1, 1]), mirror: [1, 0] };
  const out = taughtLabels(head, input('logits', shape), withFlips ? flips : undefined);
  const session = await openSession(buildModel({ out }), { threads: 1 });
  const feeds = { logits: float32(shape, logits), flipped: float32([2, 1, 1, 1], [0, 1]) };
  const { out: answer } = await session.run(withFlips ? feeds : { logits: feeds.logits });
  await session.close();
  return [...(answer!.data as Float32Array)];
}

describe('what the teacher teaches', () => {
  // Per image the channels background, class 0 and class 1 of two pixels.
  const image = [0, 9, 2, 0, 0, 0];

  it('is the likeliest label, weighing by how sure it is', async () => {
    const values = await taught('exclusive', [...image, ...image], false);
    const sure = Math.exp(2) / (Math.exp(2) + 2);
    expect(values.slice(0, 2), 'labels').toEqual([1, 0]);
    expect(values[2]).toBeCloseTo(2 * sure - 1, 5);
    expect(values[3]).toBeCloseTo(1, 3);
    expect(values.slice(4, 8)).toEqual(values.slice(0, 4));
  });

  it("names a flipped image's classes as their twins", async () => {
    const values = await taught('exclusive', [...image, ...image], true);
    expect(values.slice(0, 2)).toEqual([1, 0]);
    expect(values.slice(4, 6)).toEqual([2, 0]);
    expect(values.slice(6, 8)).toEqual(values.slice(2, 4));
  });

  it('weighs nothing where it is not sure of any class', async () => {
    const values = await taught('exclusive', [...[0, 0, 0, 0, 0, 0], ...image], false);
    expect(values.slice(2, 4)).toEqual([0, 0]);
  });

  it('is a mask and a weight for each class where they overlap', async () => {
    const maps = [3, -3, 3, 0];
    const values = await taught('overlapping', [...maps, ...maps], true);
    const weight = 2 * sigmoid(3) - 1;
    expect(values.slice(0, 4), 'masks').toEqual([1, 0, 1, 0]);
    [weight, weight, weight, 0].forEach((expected, i) => {
      expect(values[4 + i]).toBeCloseTo(expected, 5);
    });
    expect(values.slice(8, 12), 'twins').toEqual([1, 0, 1, 0]);
    [weight, 0, weight, weight].forEach((expected, i) => {
      expect(values[12 + i]).toBeCloseTo(expected, 5);
    });
  });
});

describe('the loss of taught labels', () => {
  async function lossOf(head: Head, logits: number[], labels: number[]): Promise<number> {
    const channels = logits.length / 2;
    const [student, lesson] = [
      input('student', [1, channels, 1, 2]),
      input('lesson', [1, labels.length / 2, 1, 2]),
    ];
    const session = await openSession(buildModel({ loss: labelLoss(head, student, lesson) }), { threads: 1 });
    const { loss } = await session.run({
      student: float32(student.shape, logits),
      lesson: float32(lesson.shape, labels),
    });
    await session.close();
    return Number(loss!.data[0]);
  }

  it('is cross entropy and Dice over the pixels that weigh', async () => {
    // Class 1 of one class and background, on two pixels; the second weighs nothing, whatever is said there.
    const p = sigmoid(2);
    const dice = 1 - (2 * p + 1) / (p + 1 + 1);
    for (const ignored of [-5, 5]) {
      const loss = await lossOf('exclusive', [0, 0, 2, ignored], [1, 0, 1, 0]);
      expect(loss).toBeCloseTo(-Math.log(p) + dice, 4);
    }
  });

  it('sums over classes where they overlap', async () => {
    const [a, b] = [sigmoid(2), sigmoid(-1)];
    const dice = 1 - ((2 * a + 1) / (a + 2) + 1 / (b + 1)) / 2;
    // Both classes on the first pixel alone: the first is there, the second is not.
    const loss = await lossOf('overlapping', [2, 7, -1, 7], [1, 0, 0, 0, 1, 0, 1, 0]);
    expect(loss).toBeCloseTo(-Math.log(a) - Math.log(1 - b) + dice, 4);
  });

  it('is nothing where nothing weighs', async () => {
    expect(await lossOf('exclusive', [3, -3, 1, 2], [1, 0, 0, 0])).toBeCloseTo(0, 5);
  });
});
