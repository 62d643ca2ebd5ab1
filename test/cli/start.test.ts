/** `packmule` alone: on a terminal it opens the start page, elsewhere it says what to do. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { platform } from 'node:os';
import { delimiter } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { MAIN, runCli, useSharedFolder } from './program.ts';

const inFolder = useSharedFolder();
/** Runs a command on a terminal of its own; that of other systems takes other options. */
const SCRIPT = '/usr/bin/script';

it('without a terminal says how to open the start page, lists the commands, and ends as wrong usage does', async () => {
  const { code, stdout, stderr } = await runCli(inFolder());
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/^packmule opens its start page on a terminal; elsewhere: packmule start\nUsage: /);
  expect(stderr).toMatch(/\n {2}run .*\n/);
});

it.skipIf(platform() !== 'linux' || !existsSync(SCRIPT))(
  'on a terminal opens the start page in the browser',
  async () => {
    // In the place of the browser: keeps the address.
    await writeFile(inFolder('xdg-open'), `#!/bin/sh\necho "$1" > '${inFolder('address')}'\n`);
    await chmod(inFolder('xdg-open'), 0o755);
    // `exec`: a shell that stays would end with the code of Ctrl-C, whatever the command makes of it.
    const child = spawn(SCRIPT, ['-qefc', `exec '${process.execPath}' '${MAIN}'`, '/dev/null'], {
      cwd: inFolder(),
      env: { ...process.env, HOME: inFolder(), PATH: `${inFolder()}${delimiter}${process.env.PATH}` },
    });
    const ended = new Promise((done) => child.on('close', done));
    onTestFinished(() => void child.kill());
    await expect.poll(() => existsSync(inFolder('address')), { timeout: 60_000 }).toBe(true);
    const address = (): Promise<string> => readFile(inFolder('address'), 'utf8');
    await expect.poll(address, { timeout: 60_000 }).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\S+\/\n$/);
    const page = await fetch((await address()).trim());
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('id="start"')]);
    // Ctrl-C.
    child.stdin.write('\x03');
    expect(await ended).toBe(0);
  },
);
