import { existsSync } from 'node:fs';
import { chmod, lstat, mkdir, readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { RunError } from '../../src/base/errors.ts';
import {
  appendLine,
  createFileAtomic,
  removeTemporaryFiles,
  requireFreeSpace,
  temporaryBeside,
  writeError,
  writeFileAtomic,
} from '../../src/base/files.ts';
import { temporaryFolder } from '../temporary.ts';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});

describe('createFileAtomic', () => {
  it('lets one of several win, who has written all of it, and leaves nothing else', async () => {
    const path = join(folder, 'a', 'b.txt');
    const texts = Array.from({ length: 8 }, (_, i) => String(i).repeat(1e5));
    const won = await Promise.all(texts.map((text) => createFileAtomic(path, text)));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await readFile(path, 'utf8')).toBe(texts[won.indexOf(true)]);
    expect(await readdir(join(folder, 'a'))).toEqual(['b.txt']);
  });

  it('is an error where a file is in the place of the folder', async () => {
    await writeFile(join(folder, 'a'), '');
    await expect(createFileAtomic(join(folder, 'a', 'b.txt'), '')).rejects.toThrow(RunError);
  });
});

describe('writeFileAtomic', () => {
  it('writes text and bytes, making folders, and leaves nothing else', async () => {
    const path = join(folder, 'a', 'b', 'c.txt');
    await writeFileAtomic(path, 'first');
    await writeFileAtomic(path, Uint8Array.of(104, 105));
    expect(await readFile(path, 'utf8')).toBe('hi');
    expect(await readdir(join(folder, 'a', 'b'))).toEqual(['c.txt']);
  });

  it('never shows a reader half of a file', async () => {
    const path = join(folder, 'big.txt');
    const texts = ['a', 'b'].map((letter) => letter.repeat(2_000_000));
    await writeFileAtomic(path, texts[0]!);
    const writing = Promise.all(Array.from({ length: 6 }, (_, i) => writeFileAtomic(path, texts[i % 2]!)));
    for (let i = 0; i < 10; i++) expect(texts).toContain(await readFile(path, 'utf8'));
    await writing;
  });

  it('leaves files behind where it is killed, which are found and removed, and no others', async () => {
    await writeFileAtomic(join(folder, 'a', 'kept.json'), '{}');
    const left = temporaryBeside(join(folder, 'a', 'kept.json'));
    const mine = ['.notes.tmp', '.a.12345678.tmp', 'a.12345678-1234-1234-1234-123456789abc.tmp'];
    for (const path of [left, ...mine.map((name) => join(folder, 'a', name))]) await writeFile(path, '');
    await removeTemporaryFiles(folder);
    expect((await readdir(join(folder, 'a'))).sort()).toEqual([...mine, 'kept.json'].sort());
    await removeTemporaryFiles(join(folder, 'none'));
  });

  it('says what to do when the path is taken, and keeps what was there', async () => {
    await mkdir(join(folder, 'taken'));
    await expect(writeFileAtomic(join(folder, 'taken'), 'x')).rejects.toThrow(RunError);
    await writeFile(join(folder, 'file'), 'kept');
    await expect(writeFileAtomic(join(folder, 'file', 'x'), 'x')).rejects.toThrow(RunError);
    expect(await readFile(join(folder, 'file'), 'utf8')).toBe('kept');
    expect((await readdir(folder)).sort()).toEqual(['file', 'taken']);
  });

  it('on Windows waits for the program that has the file open, and names it where it does not let go', async () => {
    const path = join(folder, 'figures.csv');
    let held = 2;
    const windows = {
      platform: 'win32' as const,
      rename: async (from: string, to: string) => {
        if (held-- > 0) throw Object.assign(new Error('EBUSY: resource busy'), { code: 'EBUSY' });
        await rename(from, to);
      },
      wait: async () => undefined,
    };
    await writeFileAtomic(path, 'first', windows);
    held = 100;
    await expect(writeFileAtomic(path, 'second', windows)).rejects.toThrow(
      /Excel, a virus scanner, OneDrive/,
    );
    expect(await readFile(path, 'utf8')).toBe('first');
    expect(await readdir(folder)).toEqual(['figures.csv']);
  });

  it.skipIf(!existsSync('/dev/null'))('never puts a file in the place of a device', async () => {
    const path = join(folder, 'null');
    await symlink('/dev/null', path);
    await expect(writeFileAtomic(path, 'x')).rejects.toThrow(/device or pipe/);
    expect((await lstat(path)).isSymbolicLink()).toBe(true);
  });

  it.skipIf(process.getuid?.() === 0)(
    'refuses a folder that may not be written (root may write all)',
    async () => {
      await chmod(folder, 0o500);
      await expect(writeFileAtomic(join(folder, 'x'), 'x')).rejects.toThrow(/rights/);
    },
  );
});

describe('appendLine', () => {
  it('adds lines, and says what is wrong where it cannot', async () => {
    await appendLine(join(folder, 'log'), 'one');
    await appendLine(join(folder, 'log'), 'two');
    expect(await readFile(join(folder, 'log'), 'utf8')).toBe('one\ntwo\n');
    await expect(appendLine(join(folder, 'gone', 'log'), 'x')).rejects.toThrow(RunError);
  });
});

describe('writeError', () => {
  it('says what to do about a full disk', () => {
    const error = writeError('a/b', Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' }));
    expect(error).toBeInstanceOf(RunError);
    expect(error.fix).toMatch(/Free some space/);
    expect(error.message).toMatch(/^a\/b could not be written/);
  });

  it('names the programs that may hold a file on Windows, and the rights alone elsewhere', () => {
    const fixOn = (platform: NodeJS.Platform, code: string): string =>
      writeError('a/b', Object.assign(new Error(code), { code }), platform).fix;
    for (const code of ['EPERM', 'EACCES', 'EBUSY'])
      expect(fixOn('win32', code)).toMatch(/^Close what has it open \(Excel[\s\S]*same command again/);
    expect(fixOn('linux', 'EACCES')).toMatch(/^Change the rights/);
  });
});

describe('requireFreeSpace', () => {
  it('asks the disk of a folder that it makes', async () => {
    const ask = (bytes: number) =>
      requireFreeSpace(join(folder, 'new'), bytes, 'This run', 'Free some space');
    await ask(1);
    await expect(ask(1e18)).rejects.toMatchObject({
      name: 'RunError',
      seen: expect.stringMatching(/new has .* free$/),
      need: 'This run writes up to 1000000 TB',
    });
  });
});
