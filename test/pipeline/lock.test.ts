import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { acquireLock } from '../../src/pipeline/lock.ts';
import { useFolder } from './folder.ts';

const inFolder = useFolder();

async function writeLock(owner: { pid: number; host: string }): Promise<string> {
  const path = inFolder('lock.json');
  await writeFile(path, JSON.stringify({ ...owner, started: '2024-01-01T00:00:00.000Z', token: 'other' }));
  return path;
}

/** Id of a process that has ended. */
function deadProcess(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  return new Promise((done) => child.on('exit', () => done(child.pid!)));
}

describe('the lock of a run directory', () => {
  it('keeps a second process out until it is given back', async () => {
    const path = inFolder('run', 'lock.json');
    const release = await acquireLock(path);
    await expect(acquireLock(path)).rejects.toMatchObject({
      name: 'RunError',
      seen: expect.stringContaining(`Process ${process.pid} on this machine`),
    });
    await release();
    expect(existsSync(path)).toBe(false);
    await (await acquireLock(path))();
  });

  it('is taken over from a process that is gone', async () => {
    const path = await writeLock({ pid: await deadProcess(), host: hostname() });
    const release = await acquireLock(path);
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ pid: process.pid });
    await release();
  });

  it('is taken over from a process of the same number, as there is one in a container that was started again', async () => {
    const release = await acquireLock(await writeLock({ pid: process.pid, host: hostname() }));
    await release();
    expect(existsSync(inFolder('lock.json'))).toBe(false);
  });

  it('of another machine is left alone, and the message says which file it is', async () => {
    const path = await writeLock({ pid: await deadProcess(), host: 'elsewhere' });
    await expect(acquireLock(path)).rejects.toMatchObject({
      seen: expect.stringContaining('on elsewhere'),
      fix: expect.stringContaining(`delete ${path}`),
    });
    expect(existsSync(path)).toBe(true);
  });

  it('of another machine is taken over where somebody else sees to it that one process does the work', async () => {
    const path = await writeLock({ pid: 1, host: 'elsewhere' });
    await (await acquireLock(path, 'gone'))();
    expect(existsSync(path)).toBe(false);
    const held = await acquireLock(path);
    await expect(acquireLock(path, 'gone')).rejects.toThrow(/on this machine/);
    await held();
  });

  it.each(['', '{"pid": 12', 'null', '[]', '{"pid":-1,"host":"h","started":"s","token":"t"}'])(
    'that was cut off or damaged (%j) is taken over',
    async (content) => {
      await writeFile(inFolder('lock.json'), content);
      await (await acquireLock(inFolder('lock.json')))();
    },
  );

  it('cannot be taken where a file or folder is in the way', async () => {
    await writeFile(inFolder('file'), '');
    await expect(acquireLock(inFolder('file', 'lock.json'))).rejects.toMatchObject({ name: 'RunError' });
    await mkdir(inFolder('lock.json'));
    await expect(acquireLock(inFolder('lock.json'))).rejects.toMatchObject({ name: 'RunError' });
  });

  it('is not given back by whom it was taken from', async () => {
    const release = await acquireLock(inFolder('lock.json'));
    await writeLock({ pid: process.pid, host: hostname() });
    await release();
    expect(existsSync(inFolder('lock.json'))).toBe(true);
  });
});
