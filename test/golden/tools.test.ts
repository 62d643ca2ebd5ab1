/** @file The command lines of the golden checks and the benches: output and exit codes, as built into dist. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../temporary.ts';

const built = fileURLToPath(new URL('../../dist/tools/', import.meta.url));

function run(tool: string, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(built, tool), ...args], (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

describe.skipIf(!existsSync(join(built, 'golden.js')))('the development tools (need npm run build)', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await temporaryFolder();
  });

  it('golden: a check of nothing has failed', async () => {
    await writeFile(join(dir, 'expected.json'), '{}');
    expect(await run('golden.js', 'cvat', dir)).toEqual({ code: 1, out: 'Nothing was checked.\n', err: '' });
    const { code, out } = await run('golden.js', 'cvat', dir, '--json');
    expect([code, JSON.parse(out)]).toEqual([1, { check: 'cvat', dir, ok: false, rows: [] }]);
  });

  it('golden: three sentences for a folder that cannot be used, and for none', async () => {
    for (const check of ['unet', 'random-walker', 'sam']) {
      const { code, out, err } = await run('golden.js', check, dir);
      expect([check, code, out, err.trimEnd().split('\n').length]).toEqual([check, 2, '', 3]);
    }
    const missing = await run('golden.js', 'unet', join(dir, 'none'));
    expect([missing.code, missing.err]).toEqual([2, expect.stringContaining('none is no folder')]);
  });

  it('golden and bench: wrong usage is exit code 2', async () => {
    expect((await run('golden.js', 'net', dir)).code).toBe(2);
    expect((await run('golden.js', 'unet')).code).toBe(2);
    expect((await run('bench.js', 'unet-step', '--base', '0')).code).toBe(2);
    expect((await run('bench.js', 'unet-step', '--size', '64')).err).toContain('--size has 1 numbers');
    expect((await run('bench.js', 'unet-infer', '--size', '60', '64')).code).toBe(2);
    expect((await run('bench.js', '--help')).code).toBe(0);
  });

  it('bench: one line of JSON with the settings and the figures', async () => {
    const size = ['--size', '32', '16'];
    for (const what of ['unet-step', 'unet-infer', 'random-walk']) {
      const small =
        what === 'random-walk'
          ? ['--size', '64', '64', '--classes', '3']
          : ['--base', '2', '--batch', '1', ...size];
      const { code, out } = await run('bench.js', what, ...small, '--repeats', '2', '--json');
      expect([what, code, out.trimEnd().split('\n').length]).toEqual([what, 0, 1]);
      const figures = JSON.parse(out) as Record<string, number>;
      expect(figures).toMatchObject({ what, repeats: 2 });
      expect(figures.ms_per_image).toBeGreaterThan(0);
      expect(figures.peak_rss_mb).toBeGreaterThan(20);
    }
  });
});
