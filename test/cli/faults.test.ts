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
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { compareRuns } from '../../tools/kills/compare.ts';
import { writeTinyData } from '../pipeline/tiny.ts';
import { type Ended, type Started, startCli, type User, useSharedFolder } from './program.ts';

const inFolder = useSharedFolder();
const PATIENCE = 600_000;

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
const COUNTS = { labelled: 4, val: 2, test: 2, unlabelled: 24 };
const image = (data: string, number: number): string => {
  const split = number <= 4 ? 'labelled' : number <= 6 ? 'val' : number <= 8 ? 'test' : 'unlabelled';
  return inFolder(data, split, 'images', `phantom-00${String(number).padStart(2, '0')}.png`);
};
const nothing = async (): Promise<void> => {};

/** Those of this run. */
const STAGES = [
  'initial',
  'predict',
  'folds',
  'refine',
  'trust',
  'final',
  'predictFinal',
  'evaluate',
  'report',
];

/** As root may do everything, a child is somebody else where tests run as root. */
const isRoot = process.getuid?.() === 0;
const NOBODY = { uid: 65_534, gid: 65_534 };

beforeAll(async () => {
  await chmod(inFolder(), 0o755);
  await writeTinyData(inFolder('data'), COUNTS);
  expect(await whole('data', 'whole')).toMatchObject({ code: 0 });
}, PATIENCE);

function whole(data: string, runs: string, user?: User): Promise<Ended> {
  return startCli(inFolder(), run(data, runs), {}, user).ended;
}

const HOLD = `--import ${new URL('hold.mjs', import.meta.url)}`;

interface Held {
  readonly child: Started['child'];
  /** Resolves once the run has begun the stage, or has ended. */
  begun(stage: string): Promise<void>;
  go(stage: string): Promise<void>;
  readonly ended: Promise<Ended>;
}

/** Starts a run that waits at the beginning of stages until it is told to go on, see hold.mjs. */
async function held(
  data: string,
  runs: string,
  stages: readonly string[],
  more: Disturbed = {},
): Promise<Held> {
  const signs = stages.map((stage) => inFolder(runs, `held-${stage}`));
  for (const sign of signs) await rm(sign, { force: true });
  for (const stage of stages) await rm(inFolder(runs, `go-${stage}`), { force: true });
  await mkdir(inFolder(runs), { recursive: true });
  const variables = {
    NODE_OPTIONS: HOLD,
    HOLD_AT: stages.join(','),
    HOLD_FILES: inFolder(runs),
    ...(more.diskBytes !== undefined && { DISK_BYTES: String(more.diskBytes) }),
  };
  const { child, ended } = startCli(inFolder(), run(data, runs), variables, more.user);
  return {
    child,
    begun: async (stage) => {
      while (!existsSync(inFolder(runs, `held-${stage}`)) && child.exitCode === null)
        await new Promise((next) => setTimeout(next, 2));
    },
    go: (stage) => writeFile(inFolder(runs, `go-${stage}`), ''),
    ended,
  };
}

interface Disturbed {
  /** What the disk takes from the beginning of the stage on. */
  readonly diskBytes?: number;
  readonly user?: User | undefined;
}

/** Does something to a run that has just begun a stage, and returns how that ended. */
async function disturbed(
  data: string,
  runs: string,
  stage: string,
  disturb: (root: string) => Promise<void>,
  more?: Disturbed,
): Promise<Ended> {
  const { begun, go, ended } = await held(data, runs, [stage], more);
  await begun(stage);
  await disturb(inFolder(runs, 'run'));
  await go(stage);
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

describe('a disk that is full', () => {
  it(
    'ends a run in any stage with what to do; once there is space it goes on',
    async () => {
      const full = {
        code: 2,
        stderr: expect.stringMatching(/ENOSPC[\s\S]*Free some space, then start the same/),
      };
      const atOnce = await held('data', 'disk', [], { diskBytes: 0 });
      expect(await atOnce.ended).toMatchObject(full);
      for (const [k, stage] of STAGES.entries()) {
        // Not a byte more, a part of what is written first, and all of some files.
        const diskBytes = [0, 300, 20_000][k % 3]!;
        const ended = await disturbed('data', 'disk', stage, nothing, { diskBytes });
        expect(ended, stage).toMatchObject(full);
        await expectNothingHalfWritten('disk');
      }
      expect(await whole('data', 'disk')).toMatchObject({ code: 0 });
      await expectSameEnd('disk');
    },
    PATIENCE,
  );

  it(
    'and is a real one does so too',
    async ({ skip }) => {
      await mkdir(inFolder('tmpfs'));
      try {
        const mount = ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', inFolder('tmpfs')];
        execFileSync('/bin/mount', mount, { stdio: 'ignore' });
      } catch {
        skip('a small file system cannot be mounted here');
      }
      onTestFinished(() => {
        execFileSync('/bin/umount', [inFolder('tmpfs')]);
      });
      const filler = inFolder('tmpfs', 'filler');
      const full = await disturbed('data', 'tmpfs', 'predict', () =>
        writeFile(filler, Buffer.alloc(70e6)).catch(() => undefined),
      );
      expect(full).toMatchObject({ code: 2, stderr: expect.stringContaining('ENOSPC') });
      await expectNothingHalfWritten('tmpfs');
      await rm(filler);
      expect(await whole('data', 'tmpfs')).toMatchObject({ code: 0 });
      await expectSameEnd('tmpfs');
    },
    PATIENCE,
  );
});

describe.skipIf(process.platform === 'win32')('rights that are taken away in the middle of a run', () => {
  const user = isRoot ? NOBODY : undefined;
  const makeRuns = async (name: string): Promise<void> => {
    await mkdir(inFolder(name));
    if (isRoot) await chown(inFolder(name), NOBODY.uid, NOBODY.gid);
  };

  it(
    'to write the run directory end it in any stage with what to do; given back, it goes on',
    async () => {
      await makeRuns('locked');
      const setRights = async (root: string, mode: number): Promise<void> => {
        const entries = await readdir(root, { recursive: true, withFileTypes: true });
        const folders = entries.filter((entry) => entry.isDirectory());
        for (const path of [root, ...folders.map((entry) => `${entry.parentPath}/${entry.name}`)])
          await chmod(path, mode);
      };
      for (const stage of STAGES) {
        const refused = await disturbed('data', 'locked', stage, (root) => setRights(root, 0o555), { user });
        expect(refused, stage).toMatchObject({
          code: 2,
          stderr: expect.stringMatching(/EACCES[\s\S]*Change the rights of the folder/),
        });
        await setRights(inFolder('locked', 'run'), 0o755);
      }
      expect(await whole('data', 'locked', user)).toMatchObject({ code: 0 });
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
      const file = await whole('secret', 'of-secret', user);
      expect(file).toMatchObject({ code: 2, stderr: expect.stringContaining('phantom-0020.png') });
      await chmod(inFolder('secret', 'unlabelled', 'images'), 0);
      expect(await whole('secret', 'of-secret', user)).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/cannot be listed \(EACCES/),
      });
      await chmod(inFolder('secret', 'unlabelled', 'images'), 0o755);
    },
    PATIENCE,
  );
});

/** Stages that read images, and the number of one that they do. */
const READ = [
  ['initial', 1],
  ['predict', 20],
  ['folds', 2],
  ['refine', 21],
  ['trust', 1],
  ['final', 22],
  ['predictFinal', 23],
  ['report', 7],
] as const;

describe('a file that a run reads', () => {
  it(
    'and that vanishes ends any stage by name; put back, the run goes on',
    async () => {
      const aside = inFolder('aside.png');
      const masks = inFolder('of-gone', 'run', 'refined', 'test.json');
      const images = READ.map(([stage, number]) => [stage, image('data', number)] as const);
      for (const [stage, path] of [...images.slice(0, -1), ['evaluate', masks] as const, images.at(-1)!]) {
        const ended = await disturbed('data', 'of-gone', stage, () => rename(path, aside));
        await rename(aside, path);
        expect(ended.stderr, stage).toMatch(new RegExp(`${basename(path)} (cannot be read|does not exist)`));
        expect(ended.code).toBe(2);
        await expectNothingHalfWritten('of-gone');
      }
      expect(await whole('data', 'of-gone')).toMatchObject({ code: 0 });
      await expectSameEnd('of-gone');
    },
    PATIENCE,
  );

  it(
    'and that is exchanged ends it by name; the next start does again what depends on it, and only that',
    async () => {
      await cp(inFolder('data'), inFolder('swapped'), { recursive: true });
      await writeTinyData(inFolder('others'), COUNTS, 4);
      const some = ['initial', 'predict', 'final', 'report'];
      for (const [k, [stage, number]] of READ.filter(([one]) => some.includes(one)).entries()) {
        const path = image('swapped', number);
        const ended = await disturbed('swapped', 'of-swapped', stage, () =>
          copyFile(image('others', number), path),
        );
        expect(ended.stderr, stage).toMatch(
          new RegExp(`${basename(path)} was replaced or changed while the run was working`),
        );
        expect(ended.code).toBe(2);
        // Each start does again what depends on the image before: this network on the first one alone.
        const training = /Training the initial network: done (before|in)/.exec(ended.stderr)?.[1];
        expect(training, stage).toBe([undefined, 'in', 'before'][Math.min(k, 2)]);
        await expectNothingHalfWritten('of-swapped');
      }
      const again = await whole('swapped', 'of-swapped');
      expect(again.code).toBe(0);
      expect(again.stderr).toMatch(/Training the initial network: done before/);
      expect(await whole('swapped', 'like-swapped')).toMatchObject({ code: 0 });
      await expectSameEnd('of-swapped', 'like-swapped');
    },
    PATIENCE,
  );
});

describe('a run directory in use', () => {
  it(
    'keeps a second process out, whatever the stage',
    async () => {
      const stages = ['initial', 'refine', 'report'];
      const { child, begun, go, ended } = await held('data', 'shared', stages);
      for (const stage of stages) {
        await begun(stage);
        const second = await whole('data', 'shared');
        expect(second, stage).toMatchObject({
          code: 2,
          stderr: expect.stringContaining(`Process ${child.pid} on this machine`),
        });
        await go(stage);
      }
      expect(await ended).toMatchObject({ code: 0 });
      await expectSameEnd('shared');
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
