import { mkdir, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { acquireLock } from '../../src/pipeline/lock.ts';
import { requireRunOrNothing, runDirectory } from '../../src/pipeline/run-directory.ts';
import { useFolder } from './folder.ts';

const inFolder = useFolder();

describe('the folder of a run', () => {
  it('may be new, empty, or that of a run', async () => {
    const run = runDirectory(inFolder('run'));
    await requireRunOrNothing(run);
    await mkdir(run.root);
    await writeFile(run.path('.DS_Store'), '');
    await requireRunOrNothing(run);
    await writeFile(run.path('notes.txt'), 'mine');
    const release = await acquireLock(run.lock);
    await requireRunOrNothing(run);
    await release();
  });

  it('may not be one with files of another kind, because stages delete what is in their way', async () => {
    await mkdir(inFolder('data', 'final'), { recursive: true });
    await expect(requireRunOrNothing(runDirectory(inFolder('data')))).rejects.toMatchObject({
      name: 'RunError',
      seen: expect.stringContaining('such as final'),
      fix: expect.stringContaining('--runs'),
    });
  });
});
