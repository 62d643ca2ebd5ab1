/** Several works at once: in which order, how many, and what one that fails does to the others. */
import { describe, expect, it } from 'vitest';
import { TrainingError } from '../../src/base/errors.ts';
import { openCell } from '../../src/benchmark/cell.ts';
import { fittingJobs } from '../../src/benchmark/crew.ts';
import { neededBytes } from '../../src/benchmark/disk.ts';
import { findMethod } from '../../src/benchmark/methods/index.ts';
import { doWorks } from '../../src/benchmark/schedule.ts';
import { inOrder, keyOf, sourcesOf, type Work } from '../../src/benchmark/work.ts';
import { weightCount } from '../../src/nnunet/topology.ts';
import { bareSetup } from './setup.ts';

const cell = openCell(bareSetup(), 5, 1);
const WORKS = inOrder(
  ['raw-pseudo-labels', 'random-walker-pseudo-labels', 'unet'].flatMap((name) =>
    (['val', 'test'] as const).map((split) => findMethod(name).masks(cell, split)),
  ),
);

/** Works that take a turn of the event loop each. */
async function doAll(
  size: number,
  options: { fails?: (work: Work) => Error | undefined; stopAfter?: number; done?: readonly Work[] } = {},
): Promise<{ begun: Work[]; done: Set<string>; atOnce: number; failed: Work[]; error: unknown }> {
  const done = new Set((options.done ?? []).map(keyOf));
  const [begun, failed]: Work[][] = [[], []];
  let [running, atOnce] = [0, 0];
  const controller = new AbortController();
  const error = await doWorks(WORKS, {
    size,
    isDone: (work) => done.has(keyOf(work)),
    perform: async (work, signal) => {
      for (const source of sourcesOf(work)) expect(done, 'what it is made from').toContain(keyOf(source));
      expect(begun, 'never twice').not.toContain(work);
      begun!.push(work);
      running++;
      atOnce = Math.max(atOnce, running);
      await new Promise((next) => setTimeout(next, 1));
      running--;
      signal.throwIfAborted();
      const failure = options.fails?.(work);
      if (failure) throw failure;
      done.add(keyOf(work));
      if (begun!.length === options.stopAfter) controller.abort(new Error('stop'));
    },
    settled: async (work, failure) => {
      if (failure) failed!.push(work);
    },
    signal: controller.signal,
  }).then(
    () => undefined,
    (cause: unknown) => cause,
  );
  return { begun: begun!, done, atOnce, failed: failed!, error };
}

describe('works', () => {
  it.each([1, 2, 5])('are all done, %i at once, each after what it is made from', async (size) => {
    const { done, atOnce, begun } = await doAll(size);
    expect(done).toEqual(new Set(WORKS.keys()));
    expect(atOnce).toBe(Math.min(size, 4));
    if (size === 1) expect(begun).toEqual([...WORKS.values()]);
  });

  it('that are done are not done again', async () => {
    const before = [...WORKS.values()].slice(0, 3);
    expect((await doAll(2, { done: before })).begun).toHaveLength(WORKS.size - 3);
  });

  it('that are made from one that cannot be done are left out, and no other', async () => {
    const walk = [...WORKS.values()].find(({ kind }) => kind === 'refinement')!;
    const fails = (work: Work) =>
      work === walk ? new TrainingError({ seen: 'no', need: '', fix: '' }) : undefined;
    const { failed, begun, error } = await doAll(2, { fails });
    expect(failed).toEqual([walk]);
    expect(error).toBeUndefined();
    // The network that learns from it, and its masks of val and test.
    expect(begun).toHaveLength(WORKS.size - 3);
  });

  it('stop where one fails by a defect or a full disk: nothing is left running', async () => {
    const [first] = WORKS.values();
    const { error, begun } = await doAll(2, {
      fails: (work) => (work === first ? new RangeError('ours') : undefined),
    });
    expect(error).toBeInstanceOf(RangeError);
    expect(begun.length).toBeLessThanOrEqual(2);
  });

  it('stop where they are told to', async () => {
    const { error, begun } = await doAll(1, { stopAfter: 3 });
    expect(error).toMatchObject({ message: 'stop' });
    expect(begun).toHaveLength(3);
  });
});

describe('neededBytes', () => {
  const bytesOf = (names: readonly string[], jobs = 1): number => {
    const works = names.flatMap((name) => [...inOrder([findMethod(name).masks(cell, 'test')]).values()]);
    return neededBytes([...inOrder(works).values()], 2, jobs);
  };

  it('counts what methods share once, trainings under way, and embeddings of large models', () => {
    expect(bytesOf(['unet', 'unet'])).toBe(bytesOf(['unet']));
    expect(bytesOf(['unet', 'raw-pseudo-labels'])).toBeGreaterThan(bytesOf(['unet']));
    expect(bytesOf(['unet'], 2)).toBeGreaterThan(bytesOf(['unet'], 1));
    const [walk, foal, sam] = ['unet+random-walker', 'unet+foal', 'unet+sam'].map((name) => bytesOf([name]));
    expect(foal).toBe(walk);
    expect(sam! - walk!, 'four images of 2 MB').toBeCloseTo(4 * 2.1e6);
  });

  it('knows how large the networks of each sort are', () => {
    const [work] = inOrder([findMethod('nnunet').masks(cell, 'test')]).values();
    if (work?.kind !== 'network' || work.sort !== 'nnunet') throw new Error('nnunet has no network');
    const training = bytesOf(['nnunet'], 2) - bytesOf(['nnunet'], 1);
    expect(training, 'ten vectors of its weights').toBeCloseTo(40 * weightCount(work.planned.plan));
    expect(training).not.toBe(bytesOf(['unet'], 2) - bytesOf(['unet'], 1));
  });

  it('counts the images that a frozen encoder looks at, to learn from and to mask', () => {
    const [foal, sam] = [[], ['refine.refiner=sam']].map((set) => {
      const masks = findMethod('frozen-encoder+lr-aspp').masks(openCell(bareSetup(set), 5, 1), 'test');
      return neededBytes([...inOrder([masks]).values()], 2, 1);
    });
    expect(sam! - foal!, 'five labelled images and four of test').toBeCloseTo(9 * 2.1e6);
  });
});

describe('fittingJobs', () => {
  it('goes by cores, threads and memory; a graphics card does one work', () => {
    const machine = { cores: 16, memory: 64e9 };
    expect(fittingJobs({ threads: 2 }, machine)).toBe(8);
    expect(fittingJobs({ threads: 16 }, machine)).toBe(1);
    expect(fittingJobs({ threads: 32 }, machine)).toBe(1);
    expect(fittingJobs({ threads: 1 }, { cores: 16, memory: 8e9 })).toBe(4);
    expect(fittingJobs({ threads: 1, device: 'cuda' }, machine)).toBe(1);
  });
});
