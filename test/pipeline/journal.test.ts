import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Case } from '../../src/dataset/types.ts';
import { eachImage } from '../../src/pipeline/each-image.ts';
import { openJournal } from '../../src/pipeline/journal.ts';
import { silentObserver } from '../../src/pipeline/observer.ts';
import { runDirectory } from '../../src/pipeline/run-directory.ts';
import type { RunContext } from '../../src/pipeline/stage.ts';
import { useFolder } from './folder.ts';

const inFolder = useFolder();

describe('a journal', () => {
  it('gives back what was written', async () => {
    const journal = await openJournal<number[]>(inFolder('a', 'journal.jsonl'));
    await journal.append('one', [1, 2]);
    await journal.append('two', []);
    await journal.close();
    const again = await openJournal<number[]>(inFolder('a', 'journal.jsonl'));
    expect([...again.done.ids()].map((id) => [id, again.done.get(id)])).toEqual([
      ['one', [1, 2]],
      ['two', []],
    ]);
    await again.close();
  });

  it('drops a last line that a kill cut off, and goes on after the line before', async () => {
    const path = inFolder('journal.jsonl');
    await writeFile(path, '["one",1]\n["two",2');
    const journal = await openJournal<number>(path);
    expect([...journal.done.ids()]).toEqual(['one']);
    await journal.append('two', 22);
    await journal.close();
    expect(await readFile(path, 'utf8')).toBe('["one",1]\n["two",22]\n');
  });

  it('drops damaged lines, so that their work is done again', async () => {
    const path = inFolder('journal.jsonl');
    const damaged = ['["two",', '\0\0\0', 'null', '{"id":"two"}', '[2,2]', '["two",null]', '["two",2,2]'];
    await writeFile(path, `["one",1]\n${damaged.join('\n')}\n["three",3]\n`);
    const journal = await openJournal<number>(path);
    expect([...journal.done.ids()]).toEqual(['one', 'three']);
    await journal.close();
  });

  it('in a place where nothing can be written is a RunError', async () => {
    await writeFile(inFolder('file'), '');
    await expect(openJournal(inFolder('file', 'journal.jsonl'))).rejects.toMatchObject({ name: 'RunError' });
  });
});

describe('work image by image', () => {
  const cases = ['a', 'b', 'c', 'd'].map(
    (id): Case => ({
      id,
      name: id,
      imagePath: `${id}.png`,
      split: 'unlabelled',
      size: { height: 1, width: 1 },
    }),
  );
  const context = (signal?: AbortSignal): RunContext => ({
    run: runDirectory(inFolder('run')),
    observer: silentObserver,
    signal,
  });

  it('that is interrupted keeps what is done and goes on with the next image', async () => {
    const path = inFolder('journal.jsonl');
    const controller = new AbortController();
    const seen: string[] = [];
    const first = eachImage(context(controller.signal), cases, path, async ({ id }) => {
      seen.push(id);
      if (id === 'b') controller.abort(new Error('stop'));
      return id.toUpperCase();
    });
    await expect(first).rejects.toThrow('stop');
    expect(seen).toEqual(['a', 'b']);

    await appendFile(path, '["c","torn');
    const done = await eachImage(context(), cases, path, async ({ id }) => {
      seen.push(id);
      return id.toUpperCase();
    });
    expect(seen).toEqual(['a', 'b', 'c', 'd']);
    expect([...done.ids()].map((id) => done.get(id))).toEqual(['A', 'B', 'C', 'D']);
  });

  it('tells how far it is', async () => {
    const fractions: number[] = [];
    const observer = { ...silentObserver, progress: (fraction: number) => void fractions.push(fraction) };
    await eachImage({ ...context(), observer }, cases, inFolder('journal.jsonl'), async () => 1);
    expect(fractions).toEqual([0.25, 0.5, 0.75, 1]);
  });
});
