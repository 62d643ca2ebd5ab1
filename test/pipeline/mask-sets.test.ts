import { mkdir, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { readMaskSet } from '../../src/pipeline/mask-sets.ts';
import { runDirectory } from '../../src/pipeline/run-directory.ts';
import { useFolder } from './folder.ts';

const inFolder = useFolder();

it.each(['{"images":', 'null', undefined])(
  'masks of a run that hold %j are to be deleted and made again',
  async (content) => {
    const run = runDirectory(inFolder('run'));
    const path = run.masks('selected', 'val');
    await mkdir(run.path('selected'), { recursive: true });
    if (content !== undefined) await writeFile(path, content);
    await expect(
      readMaskSet(run, 'selected', 'val', { root: '', classes: ['a'], cases: [] }),
    ).rejects.toMatchObject({
      name: 'RunError',
      seen: expect.stringContaining(path),
      fix: expect.stringContaining(`Delete ${path}`),
    });
  },
);
