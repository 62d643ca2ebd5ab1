/** Output that nobody reads, or that a full disk does not take. */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { expect, it } from 'vitest';
import { MAIN, startCli } from './program.ts';

it('a reader that has gone is no failure', async () => {
  const { child, ended } = startCli(process.cwd(), ['run', '--help']);
  child.stdout.destroy();
  child.stderr.destroy();
  expect(await ended).toMatchObject({ code: 0 });
});

it.skipIf(!existsSync('/dev/full'))('results that cannot be printed end with exit code 2', () => {
  const full = openSync('/dev/full', 'w');
  try {
    const { status, stderr } = spawnSync(process.execPath, [MAIN, '--version'], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringMatching(/^The result could not be printed \(.*\)\.\n$/),
    });
  } finally {
    closeSync(full);
  }
});
