import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { type StageName, silentObserver } from '../../src/pipeline/observer.ts';
import { runDirectory } from '../../src/pipeline/run-directory.ts';
import { readRecord, runStage, type StageOutcome, stageKey } from '../../src/pipeline/stage.ts';
import { useFolder } from './folder.ts';

const inFolder = useFolder();
let worked = 0;

const theRun = () => runDirectory(inFolder('run'));

/** A stage that writes one file, and another before it fails. */
async function stage(
  inputs: unknown,
  fails = false,
  later: readonly StageName[] = [],
): Promise<StageOutcome> {
  const run = theRun();
  await mkdir(run.root, { recursive: true });
  return runStage(
    { run, observer: silentObserver, signal: undefined, later },
    {
      name: 'refine',
      title: 'Test',
      inputs,
      owns: ['refined'],
      outputs: [run.path('refined', 'out.txt')],
      seals: [run.path('refined', 'out.txt')],
      work: async () => {
        worked++;
        await mkdir(run.path('refined'), { recursive: true });
        await writeFile(run.path('refined', 'partial.txt'), 'half');
        if (fails) throw new Error('interrupted');
        await writeFile(run.path('refined', 'out.txt'), JSON.stringify(inputs));
      },
    },
  );
}

const work = async (...args: Parameters<typeof stage>): Promise<number> => {
  const before = worked;
  await stage(...args);
  return worked - before;
};

describe('a stage', () => {
  it('is done once for the same inputs', async () => {
    expect(await work({ a: 1, b: 2 })).toBe(1);
    expect(await work({ b: 2, a: 1 })).toBe(0);
    expect((await stage({ a: 1, b: 2 })).skipped).toBe(true);
  });

  it('is done again for other inputs, from a clean folder', async () => {
    await stage({ a: 1 });
    await writeFile(inFolder('run', 'refined', 'old.txt'), 'of the old settings');
    expect(await work({ a: 2 })).toBe(1);
    await expect(readFile(inFolder('run', 'refined', 'old.txt'))).rejects.toThrow();
  });

  it('refuses a result that was exchanged for another one, until it is deleted', async () => {
    await stage({ a: 1 });
    const result = inFolder('run', 'refined', 'out.txt');
    await writeFile(result, JSON.stringify({ a: 2 }));
    await expect(stage({ a: 1 })).rejects.toMatchObject({
      name: 'RunError',
      seen: `${result} is not the file that the run made: it was changed or exchanged since`,
      fix: expect.stringContaining('packmule review'),
    });
    await rm(result);
    expect(await work({ a: 1 })).toBe(1);
    expect(await work({ a: 1 })).toBe(0);
  });

  it('is done again where its results were deleted', async () => {
    await stage({ a: 1 });
    await rm(inFolder('run', 'refined', 'out.txt'));
    expect(await work({ a: 1 })).toBe(1);
  });

  it('that was interrupted finds what it left, unless the inputs changed', async () => {
    await expect(stage({ a: 1 }, true)).rejects.toThrow('interrupted');
    await writeFile(inFolder('run', 'refined', 'left.txt'), 'done so far');
    expect(await work({ a: 1 })).toBe(1);
    expect(await readFile(inFolder('run', 'refined', 'left.txt'), 'utf8')).toBe('done so far');

    await expect(stage({ a: 3 }, true)).rejects.toThrow('interrupted');
    await expect(readFile(inFolder('run', 'refined', 'left.txt'))).rejects.toThrow();
  });

  it('outdates what later stages made as soon as it is begun anew, until they have the same key', async () => {
    const next = (inputs: unknown): Promise<StageOutcome> =>
      runStage(
        { run: theRun(), observer: silentObserver, signal: undefined },
        { name: 'final', title: 'Next', inputs, owns: [], outputs: [], work: async () => undefined },
      );
    const stateOfNext = async () => (await readRecord(theRun(), 'final'))?.state;
    await stage({ a: 1 });
    await next('of a');
    await stage({ a: 1 }, false, ['final']);
    expect(await stateOfNext()).toBe('finished');

    await expect(stage({ a: 2 }, true, ['final'])).rejects.toThrow('interrupted');
    expect(await stateOfNext()).toBe('outdated');
    expect((await next('of a')).skipped).toBe(true);
    expect(await stateOfNext()).toBe('finished');
  });

  it('has a key that depends on its name and inputs', () => {
    expect(stageKey('refine', { a: 1 })).toBe(stageKey('refine', { a: 1 }));
    expect(stageKey('refine', { a: 1 })).not.toBe(stageKey('predict', { a: 1 }));
    expect(stageKey('refine', { a: 1 })).not.toBe(stageKey('refine', { a: 2 }));
  });
});
