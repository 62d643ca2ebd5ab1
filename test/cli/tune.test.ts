/** `packmule tune` as a program. */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Tree } from '../../src/pipeline/config.ts';
import { writeTinyData } from '../pipeline/tiny.ts';
import { runCli, startCli, useSharedFolder } from './program.ts';

const inFolder = useSharedFolder();
const cli = (...args: string[]): ReturnType<typeof runCli> => runCli(inFolder(), ...args);

/** Probabilities smoothed so far that the masks are lost: nearly any other setting is better. */
const SETTINGS = `# Ours.
name: tiny
data: { root: data }
training: { base: 4, levels: 3, epochs: 100, samplesPerEpoch: 8, batch: 4, inputSize: [64, 64] }
trust:
  folds: 2
  networks: 2
refine:
  refiner: random-walker
  # How it walks.
  randomWalker:
    probabilitySmoothing: 20 # too much
    #imageSmoothing: 1
evaluation: { resamples: 200 }
threads: 1
device: cpu
`;

beforeAll(async () => {
  await writeTinyData(inFolder('data'), { labelled: 7, val: 1, test: 1, unlabelled: 1 });
  await writeFile(inFolder('packmule.yaml'), SETTINGS);
});

describe('packmule tune', { timeout: 300_000 }, () => {
  it('explains itself', async () => {
    const { code, stdout } = await cli('tune', '--help');
    expect(code).toBe(0);
    for (const word of ['--search', '--candidates', '--no-write', '--json', 'val and test are not opened'])
      expect(stdout).toContain(word);
    expect(stdout).toMatch(/Examples:\n {2}\$ packmule tune/);
  });

  it('stopped by Ctrl-C says how to go on', async () => {
    const { child, ended } = startCli(inFolder(), ['tune', '--candidates', '12', '--name', 'stopped']);
    let over = false;
    void ended.then(() => {
      over = true;
    });
    while (!over && !existsSync(inFolder('runs', 'stopped', 'folds')))
      await new Promise((next) => setTimeout(next, 2));
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toContain('Go on with: packmule tune --candidates 12');
    expect(existsSync(inFolder('runs', 'stopped', 'lock.json'))).toBe(false);
  });

  it('says what it found, and leaves the settings alone where told', async () => {
    const { code, stdout, stderr } = await cli('tune', '--candidates', '12', '--no-write');
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/^Setting +matters, Dice +best +worst\n/);
    expect(stdout).toMatch(
      /Other settings are better: \+[\d.]+ Dice on images by which they were not chosen/,
    );
    expect(stdout).toMatch(/To use them: .*--set 'refine\.randomWalker\.probabilitySmoothing=/);
    expect(stdout).toContain('Page: runs/tiny/tune/tune.html');
    expect(stdout).not.toContain('They hold where');
    await writeFile(inFolder('others.yaml'), SETTINGS.replace('refiner: random-walker', 'refiner: close-up'));
    const named = ['tune', 'others.yaml', '--refiner', 'random-walker', '--candidates', '12', '--no-write'];
    expect((await cli(...named)).stdout).toContain('They hold where the refiner is random-walker');
    expect(await readFile(inFolder('packmule.yaml'), 'utf8')).toBe(SETTINGS);
  });

  it('writes the best settings between the comments of the file', async () => {
    const { code, stdout } = await cli('tune', '--candidates', '12', '--json');
    expect(code).toBe(0);
    const { better, gain, settings, written, files, surface } = JSON.parse(stdout);
    expect(better).toBe(true);
    expect(gain.interval.low).toBeGreaterThan(0);
    expect(surface).toHaveLength(5);
    for (const file of files) expect(existsSync(file), file).toBe(true);
    expect(written).toBe('packmule.yaml');
    const text = await readFile(inFolder('packmule.yaml'), 'utf8');
    for (const comment of ['# Ours.', '# How it walks.', '# too much']) expect(text).toContain(comment);
    const { refine, ...others } = parse(text);
    expect(others).toEqual((({ refine: _, ...rest }) => rest)(parse(SETTINGS)));
    for (const assignment of settings as string[]) {
      const [path, value] = assignment.split('=');
      const found = path!.split('.').reduce<Tree>((tree, key) => tree[key] as Tree, { refine });
      expect(found, assignment).toEqual(JSON.parse(value!));
    }
  });

  it('finds nothing better than what it has written', async () => {
    const before = await readFile(inFolder('packmule.yaml'), 'utf8');
    const { stdout } = await cli('tune', '--candidates', '12');
    expect(stdout).toMatch(/Nothing was better|The settings stay/);
    expect(await readFile(inFolder('packmule.yaml'), 'utf8')).toBe(before);
  });

  it.each([
    [['--candidates', '1'], 'whole number from 2'],
    [['--search', 'luck'], 'auto, grid, halving'],
  ])('%s is wrong usage', async (args, text) => {
    const { code, stderr } = await cli('tune', ...args);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining(text) });
  });
});
