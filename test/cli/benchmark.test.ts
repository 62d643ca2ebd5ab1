/** `packmule benchmark` as a program. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openCell } from '../../src/benchmark/cell.ts';
import { METHODS } from '../../src/benchmark/methods/index.ts';
import { prepareSetup } from '../../src/benchmark/setup.ts';
import { silentObserver } from '../../src/pipeline/observer.ts';
import { runDirectory } from '../../src/pipeline/run-directory.ts';
import { TINY_SETTINGS, tinyConfig, writeTinyData } from '../pipeline/tiny.ts';
import { DIST, runCli, startCli, useSharedFolder } from './program.ts';

const inFolder = useSharedFolder();
const cli = (...args: string[]): ReturnType<typeof runCli> => runCli(inFolder(), ...args);

const SETTINGS = [
  ...Object.entries(TINY_SETTINGS.training).map(([key, value]) => `training.${key}=${JSON.stringify(value)}`),
  'evaluation.resamples=100',
  'threads=1',
  'device=cpu',
].flatMap((set) => ['--set', set]);
const benchmark = (...args: string[]): string[] => ['benchmark', 'data', '--jobs', '1', ...SETTINGS, ...args];

beforeAll(() => writeTinyData(inFolder('data')));

describe('packmule benchmark', { timeout: 300_000 }, () => {
  it('explains itself, and every method', async () => {
    const { code, stdout } = await cli('benchmark', '--help');
    expect(code).toBe(0);
    for (const { name, about } of METHODS) {
      const line = stdout.split('\n').find((each) => each.startsWith(`  ${name} `));
      expect(line?.trim().slice(name.length).trim(), name).toBe(about);
    }
    expect(stdout).toMatch(/Examples:\n {2}\$ packmule benchmark/);
    expect(stdout).toMatch(/--json/);
  });

  it('goes from a folder to tables', async () => {
    const args = benchmark('--methods', 'unet,unet+random-walker', '--labels', '2,4', '--out', 'table');
    const { code, stdout, stderr } = await cli(...args);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/^Dice, test +2 labelled +4 labelled\nunet +[\d.]+ \([\d.–]+\)/);
    expect(stdout).toContain('Table:     table/table.html');
    expect(stderr).toMatch(/Cell 1 of 4 \(U-Net, 2 labelled, seed 1\), .* left: training a network: done/);
    expect(await readFile(inFolder('table', 'table.md'), 'utf8')).toContain('| U-Net + random walker |');

    const again = await cli(...args, '--json');
    expect(again.stderr).toMatch(
      /^Checking the data: done in [\d.]+ s\n {2}4 of 4 cells were done before\.\n$/,
    );
    const { cells, missing, results, files } = JSON.parse(again.stdout);
    expect({ cells, missing }).toEqual({ cells: 4, missing: [] });
    expect(results[0]).toMatchObject({
      split: 'test',
      method: 'unet',
      labelled: 2,
      seeds: [1],
      dice: { present: { mean: expect.any(Number), interval: { low: expect.any(Number) } } },
      detectionRate: expect.any(Number),
    });
    for (const file of files) expect(existsSync(file), file).toBe(true);
  });

  it('stopped by Ctrl-C says how to go on, and goes on', async () => {
    const args = benchmark('--methods', 'unet', '--out', 'stopped', '--set', 'training.epochs=60');
    const { child, ended } = startCli(inFolder(), args);
    let over = false;
    void ended.then(() => {
      over = true;
    });
    while (!over && !existsSync(inFolder('stopped', 'work')))
      await new Promise((next) => setTimeout(next, 2));
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toContain('Go on with: packmule benchmark data');
    expect(existsSync(inFolder('stopped', 'lock.json'))).toBe(false);
    expect((await cli(...args)).code).toBe(0);
  });

  it('does several works at once, to the same bytes', async () => {
    const args = benchmark('--methods', 'raw-pseudo-labels,unet', '--labels', '2,4', '--set', 'threads=1');
    const one = await cli(...args, '--jobs', '1', '--out', 'alone');
    const two = await cli(...args, '--jobs', '2', '--out', 'together');
    expect([one.code, two.code], two.stderr).toEqual([0, 0]);
    expect(two.stderr).toMatch(/Cell 1 of 4 \(.*\), .* left: training a network: done in/);
    const [alone, together] = await Promise.all(
      ['alone', 'together'].map((out) => readFile(inFolder(out, 'figures.json'), 'utf8')),
    );
    expect(together).toBe(alone);
    const left = await readdir(inFolder('together'), { recursive: true });
    expect(left.filter((name) => /lock|journal|tmp|checkpoint/.test(name))).toEqual([]);
  });

  it('stopped by Ctrl-C while it does several works leaves no process, and goes on', async () => {
    const args = benchmark('--methods', 'unet', '--labels', '2,4', '--jobs', '2', '--out', 'both');
    const long = [...args, '--set', 'training.epochs=60'];
    const { child, ended } = startCli(inFolder(), long);
    let over = false;
    void ended.then(() => {
      over = true;
    });
    const locks = async (): Promise<string[]> =>
      (await readdir(inFolder('both', 'work'), { recursive: true }).catch(() => [])).filter((name) =>
        name.endsWith('lock.json'),
      );
    while (!over && (await locks()).length < 2) await new Promise((next) => setTimeout(next, 5));
    const owners = await Promise.all(
      (await locks()).map(async (name) => JSON.parse(await readFile(inFolder('both', 'work', name), 'utf8'))),
    );
    expect(new Set(owners.map(({ pid }) => pid)).size).toBe(2);
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
    expect(await locks()).toEqual([]);
    for (const { pid } of owners) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect((await cli(...long)).code).toBe(0);
  });

  it('ends a process whose work cannot be done, and does the next in another', async () => {
    const { openCrew } = (await import(
      join(DIST, 'src', 'benchmark', 'crew.js')
    )) as typeof import('../../src/benchmark/crew.ts');
    const config = tinyConfig(inFolder('data'), ['training.learningRate=1e38']);
    const run = runDirectory(inFolder('failing'));
    const context = { run, observer: silentObserver, signal: undefined };
    const { setup } = await prepareSetup(context, config, { labelled: [2], models: [], skipBad: false });
    const crew = openCrew(2, context, setup);
    onTestFinished(crew.close);
    const processes = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === 'ProcessWrap').length;
    const before = processes();
    const work = openCell(setup, 2, 1).network({ share: 1 });
    for (let i = 0; i < 2; i++) {
      const doing = crew.perform(work, silentObserver, new AbortController().signal);
      expect(processes()).toBe(before + 1);
      await expect(doing).rejects.toThrow(/The loss is/);
      await expect.poll(processes, { timeout: 200_000 }).toBe(before);
    }
  });

  it('leaves out by default what would have to be downloaded', async () => {
    // No training gets past its first step, so that all methods are named as left out.
    const absurd = await cli(...benchmark('--out', 'usual', '--set', 'training.learningRate=1e38'));
    expect(absurd.code).toBe(0);
    expect(absurd.stdout).toContain('Left out: Packmule, 4 labelled, seed 1: The loss is');
    expect(absurd.stdout).toContain('Left out: Mean teacher, 4');
    expect(absurd.stdout).toContain('Left out: U-Net + Foal, 4');
    expect(absurd.stdout).not.toMatch(/SAM|arXiv/);
  });

  it.each([
    [['--methods', 'umet'], 'There is no method umet', 'Did you mean unet?'],
    [['--methods', 'unet', '--labels', '2,9'], '--labels has 9', 'Take 4 at most'],
  ])('%s is an error that says what to do', async (args, seen, fix) => {
    const { code, stdout } = await cli(...benchmark(...args, '--json'));
    expect(code).toBe(2);
    const { error } = JSON.parse(stdout);
    expect(error.seen).toContain(seen);
    expect(error.fix).toBe(fix);
  });

  it.each([
    ['--seeds', '0'],
    ['--labels', '2,x'],
  ])('%s %s is wrong usage', async (option, value) => {
    const { code, stderr } = await cli(...benchmark(option, value));
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('whole number') });
  });
});
