/**
 * Disks that are full, rights that are taken away, images that vanish or change, clocks that jump, all in the middle of
 * a run: exit code 2 and a named error, nothing half-written, and the next start ends with the same bytes.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import {
  chmod,
  chown,
  copyFile,
  cp,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { compareRuns } from '../../tools/kills/compare.ts';
import { writeTinyData } from '../pipeline/tiny.ts';
import { type Ended, startCli, type User, useSharedFolder } from './program.ts';

const inFolder = useSharedFolder();
const PATIENCE = 240_000;

const SETTINGS = [
  ...['base=4', 'levels=3', 'epochs=4', 'samplesPerEpoch=16', 'batch=4', 'inputSize=[64, 64]'].map(
    (set) => `training.${set}`,
  ),
  'evaluation.resamples=100',
  'report.pictureSide=64',
  'threads=1',
  'device=cpu',
]
  .flatMap((set) => ['--set', set])
  .concat('--refiner', 'random-walker');

const run = (data: string, runs: string): string[] => [
  'run',
  data,
  ...SETTINGS,
  '--name',
  'run',
  '--runs',
  runs,
];
const image = (data: string, number: number): string =>
  inFolder(data, 'unlabelled', 'images', `phantom-00${number}.png`);

/** As root may do everything, a child is somebody else where tests run as root. */
const isRoot = process.getuid?.() === 0;
const NOBODY = { uid: 65_534, gid: 65_534 };

beforeAll(async () => {
  await chmod(inFolder(), 0o755);
  await writeTinyData(inFolder('data'), { labelled: 4, val: 2, test: 2, unlabelled: 24 });
  expect(await whole('data', 'whole')).toMatchObject({ code: 0 });
}, PATIENCE);

function whole(data: string, runs: string, user?: User): Promise<Ended> {
  return startCli(inFolder(), run(data, runs), {}, user).ended;
}

/** Does something to a run as soon as it has begun to mask images, and returns how that ended. */
async function disturbed(
  data: string,
  runs: string,
  disturb: (root: string) => Promise<void>,
  user?: User,
): Promise<Ended> {
  const root = inFolder(runs, 'run');
  const { child, ended } = startCli(inFolder(), run(data, runs), {}, user);
  while (!existsSync(`${root}/selected/journal.jsonl`) && child.exitCode === null)
    await new Promise((next) => setTimeout(next, 2));
  await disturb(root);
  return ended;
}

async function expectNothingHalfWritten(runs: string): Promise<void> {
  const files = await readdir(inFolder(runs, 'run'), { recursive: true });
  expect(files.filter((file) => /\.tmp$|lock\.json/.test(file))).toEqual([]);
  for (const file of files.filter((name) => name.endsWith('.json')))
    JSON.parse(await readFile(inFolder(runs, 'run', file), 'utf8'));
}

async function expectSameEnd(runs: string, like = 'whole'): Promise<void> {
  const { files, different } = await compareRuns(inFolder(like, 'run'), inFolder(runs, 'run'));
  expect(different).toEqual([]);
  expect(files).toBeGreaterThan(30);
}

describe('a disk that is full in the middle of a run', () => {
  it(
    'ends it with what to do; once there is space it goes on',
    async ({ skip }) => {
      await mkdir(inFolder('disk'));
      try {
        const mount = ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', inFolder('disk')];
        execFileSync('/bin/mount', mount, { stdio: 'ignore' });
      } catch {
        skip('a small file system cannot be mounted here');
      }
      onTestFinished(() => {
        execFileSync('/bin/umount', [inFolder('disk')]);
      });
      const filler = inFolder('disk', 'filler');
      const full = await disturbed('data', 'disk', () =>
        writeFile(filler, Buffer.alloc(70e6)).catch(() => undefined),
      );
      expect(full).toMatchObject({ code: 2, stderr: expect.stringContaining('ENOSPC') });
      expect(full.stderr).toContain('Free some space, then start the same command again');
      await expectNothingHalfWritten('disk');
      await rm(filler);
      expect(await whole('data', 'disk')).toMatchObject({ code: 0 });
      await expectSameEnd('disk');
    },
    PATIENCE,
  );
});

describe.skipIf(process.platform === 'win32')('rights that are taken away in the middle of a run', () => {
  const somebody = isRoot ? NOBODY : undefined;
  const makeRuns = async (name: string): Promise<void> => {
    await mkdir(inFolder(name));
    if (isRoot) await chown(inFolder(name), NOBODY.uid, NOBODY.gid);
  };

  it(
    'to write the run directory end it with what to do; given back, it goes on',
    async () => {
      await makeRuns('locked');
      const setRights = async (root: string, mode: number): Promise<void> => {
        const entries = await readdir(root, { recursive: true, withFileTypes: true });
        const folders = entries.filter((entry) => entry.isDirectory());
        for (const path of [root, ...folders.map((entry) => `${entry.parentPath}/${entry.name}`)])
          await chmod(path, mode);
      };
      const refused = await disturbed('data', 'locked', (root) => setRights(root, 0o555), somebody);
      expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('EACCES') });
      expect(refused.stderr).toContain('Change the rights of the folder');
      await setRights(inFolder('locked', 'run'), 0o755);
      expect(await whole('data', 'locked', somebody)).toMatchObject({ code: 0 });
      await expectNothingHalfWritten('locked');
      await expectSameEnd('locked');
    },
    PATIENCE,
  );

  it(
    'to read an image, or the whole folder, end it before work starts',
    async () => {
      await makeRuns('of-secret');
      await cp(inFolder('data'), inFolder('secret'), { recursive: true });
      await chmod(image('secret', 20), 0);
      const file = await whole('secret', 'of-secret', somebody);
      expect(file).toMatchObject({ code: 2, stderr: expect.stringContaining('phantom-0020.png') });
      await chmod(inFolder('secret', 'unlabelled', 'images'), 0);
      expect(await whole('secret', 'of-secret', somebody)).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/cannot be listed \(EACCES/),
      });
      await chmod(inFolder('secret', 'unlabelled', 'images'), 0o755);
    },
    PATIENCE,
  );
});

describe('an image in the middle of a run', () => {
  it(
    'that vanishes ends it by name; put back, the run goes on',
    async () => {
      const aside = inFolder('aside.png');
      const ended = await disturbed('data', 'of-gone', () => rename(image('data', 20), aside));
      expect(ended).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/phantom-0020\.png cannot be read/),
      });
      await expectNothingHalfWritten('of-gone');
      await rename(aside, image('data', 20));
      expect(await whole('data', 'of-gone')).toMatchObject({ code: 0 });
      await expectSameEnd('of-gone');
    },
    PATIENCE,
  );

  it(
    'that is exchanged ends it by name; the next start does again what depends on it, and only that',
    async () => {
      await cp(inFolder('data'), inFolder('swapped'), { recursive: true });
      const ended = await disturbed('swapped', 'of-swapped', () =>
        copyFile(image('swapped', 21), image('swapped', 20)),
      );
      expect(ended.code).toBe(2);
      expect(ended.stderr).toMatch(/phantom-0020\.png was replaced or changed while the run was working/);
      const again = await whole('swapped', 'of-swapped');
      expect(again.code).toBe(0);
      expect(again.stderr).toMatch(/Training the initial network: done before/);
      expect(await whole('swapped', 'like-swapped')).toMatchObject({ code: 0 });
      await expectSameEnd('of-swapped', 'like-swapped');
    },
    PATIENCE,
  );
});

describe('a clock that jumps', () => {
  it(
    'to and fro by days changes nothing, and neither do the times of files',
    async () => {
      const jump = inFolder('jump.mjs');
      await writeFile(
        jump,
        `const Real = Date;
         let [calls, day] = [0, 86_400_000];
         const now = () => Real.now() + (calls++ % 2 === 0 ? 400 : -400) * day;
         globalThis.Date = class extends Real {
           constructor(...args) { super(...(args.length === 0 ? [now()] : args)); }
           static now() { return now(); }
         };`,
      );
      const variables = { NODE_OPTIONS: `--import ${pathToFileURL(jump)}` };
      const jumping = startCli(inFolder(), run('data', 'jumped'), variables);
      expect(await jumping.ended).toMatchObject({ code: 0 });
      await expectSameEnd('jumped');
      const log = await readFile(inFolder('jumped', 'run', 'log.jsonl'), 'utf8');
      const years = new Set([...log.matchAll(/"time":"(\d{4})/g)].map(([, year]) => year));
      expect(years.size, 'the clock did jump').toBeGreaterThan(1);
      for (const time of [new Date('2100-01-01'), new Date(0)]) {
        for (const number of [20, 21]) await utimes(image('data', number), time, time);
        const again = await whole('data', 'jumped');
        expect(again.code).toBe(0);
        expect(again.stderr).not.toMatch(/^(?!Checking).*: done in/m);
      }
    },
    PATIENCE,
  );
});
