/** What the kill test would notice: every loss and every difference that it is there to find. */
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeFileAtomic } from '../../src/base/files.ts';
import { float32 } from '../../src/tensor/array.ts';
import { saveState } from '../../src/training/checkpoint.ts';
import { compareRuns } from '../../tools/kills/compare.ts';
import { lostWork, readState } from '../../tools/kills/state.ts';
import { useFolder } from '../pipeline/folder.ts';

const inFolder = useFolder();
const write = (file: string, content: string): Promise<void> => writeFileAtomic(inFolder(file), content);

/** A run in the middle of its second training, with a journal of images. */
async function makeRun(step = 5): Promise<void> {
  await write('run/stages/initial.json', '{"key":"k","state":"finished","seconds":3}');
  await write('run/stages/predict.json', '{"key":"p","state":"started"}');
  await write('run/selected/journal.jsonl', '["a",[]]\n["b",[]]\n["c"');
  await saveState(inFolder('run', 'final'), 'training', { step, vectors: { parameters: float32([1], [1]) } });
}

describe('the state of a run', () => {
  it('is what is finished, what is worked on, whole lines of journals, and steps of checkpoints', async () => {
    await makeRun();
    const state = await readState(inFolder('run'));
    expect([...state.finished]).toEqual([['initial', 'k']]);
    expect(state.working).toBe('predict');
    expect([...state.journals.values()]).toEqual([['["a",[]]', '["b",[]]']]);
    expect([...state.checkpoints.values()]).toMatchObject([{ key: 'training', step: 5 }]);
    expect(state.corrupt).toEqual([]);
    expect(lostWork(state, state)).toEqual([]);
  });

  it('tells of every loss', async () => {
    await makeRun();
    const before = await readState(inFolder('run'));
    await write('run/stages/initial.json', '{"key":"k","state":"started"}');
    await write('run/selected/journal.jsonl', '["b",[]]\n');
    await makeRun(4);
    await write('run/stages/initial.json', '{"key":"k","state":"started"}');
    await write('run/selected/journal.jsonl', '["b",[]]\n');
    expect(lostWork(before, await readState(inFolder('run')))).toEqual([
      'the finished stage initial',
      expect.stringContaining('images in the journal'),
      expect.stringContaining('steps 4 to 5'),
    ]);
    await rm(inFolder('run', 'selected'), { recursive: true });
    await rm(inFolder('run', 'final'), { recursive: true });
    expect(lostWork(before, await readState(inFolder('run')))).toEqual([
      'the finished stage initial',
      expect.stringContaining('the journal'),
      expect.stringContaining('the checkpoint of'),
    ]);
  });

  it.each(['a.json', 'a.safetensors', 'a.onnx', 'report.html'])(
    'tells of %s that was cut off',
    async (file) => {
      await write(join('run', file), '{"a":');
      expect((await readState(inFolder('run'))).corrupt).toEqual([expect.stringContaining(file)]);
    },
  );
});

describe('two runs', () => {
  it('are the same but for durations and times, and any other difference is told', async () => {
    await makeRun();
    await write('run/log.jsonl', '{"time":"now"}\n');
    await cp(inFolder('run'), inFolder('other'), { recursive: true });
    await write('other/log.jsonl', '{"time":"later"}\n');
    await write('other/stages/initial.json', '{"key":"k","state":"finished","seconds":4.5}');
    expect(await compareRuns(inFolder('run'), inFolder('other'))).toMatchObject({ files: 4, different: [] });
    await write('other/stages/initial.json', '{"key":"l","state":"finished","seconds":3}');
    await mkdir(inFolder('other', 'more'));
    await writeFile(inFolder('other', 'more', '.left.tmp'), '');
    expect((await compareRuns(inFolder('run'), inFolder('other'))).different).toEqual([
      'more/.left.tmp',
      'stages/initial.json',
    ]);
  });
});
