/** The command line from end to end: what it prints, its exit codes, and what it does with bad input. */
import { cp, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { readImageHeader } from '../../src/imaging/read.ts';
import { encodeGreyPng } from '../../src/imaging/write.ts';
import { TINY_SETTINGS, writeTinyData } from '../pipeline/tiny.ts';
import { runCli, useSharedFolder } from './program.ts';

const inFolder = useSharedFolder();
const cli = (...args: string[]): ReturnType<typeof runCli> => runCli(inFolder(), ...args);

// The default refiner learns, which takes its time: test/pipeline/close-up.test.ts has it.
const SETTINGS = [
  ...Object.entries(TINY_SETTINGS.training).map(([key, value]) => `training.${key}=${JSON.stringify(value)}`),
  'evaluation.resamples=100',
  'threads=1',
  'device=cpu',
]
  .flatMap((set) => ['--set', set])
  .concat('--refiner', 'random-walker');

beforeAll(async () => {
  await writeTinyData(inFolder('data'));
  await cp(inFolder('data'), inFolder('fine'), { recursive: true });
});

/** A copy of the data to be damaged. */
async function copyData(name: string): Promise<(...parts: string[]) => string> {
  await cp(inFolder('fine'), inFolder(name), { recursive: true });
  return (...parts) => inFolder(name, ...parts);
}

describe('packmule', () => {
  it('prints its version', async () => {
    const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(await cli('--version')).toMatchObject({ code: 0, stdout: `${version}\n` });
  });

  it.each([
    'init',
    'run',
    'train',
    'predict',
    'adapt',
    'refine',
    'evaluate',
    'report',
    'segment',
    'convert',
    'models',
    'cache',
    'demo',
    'doctor',
  ])('explains %s with examples', async (command) => {
    const { code, stdout } = await cli(command, '--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`Usage: packmule ${command}`));
    expect(stdout).toMatch(/--json/);
    expect(stdout).toMatch(new RegExp(`Examples:\n {2}\\$ packmule ${command}`));
  });

  it('ends wrong usage with exit code 2', async () => {
    expect(await cli('run', '--epochs', '3')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining("unknown option '--epochs'"),
    });
    expect(await cli('run', '--round', 'two')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no whole number from 1'),
    });
    const { code, stdout } = await cli('rum', '--json');
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { name: 'UsageError', fix: expect.stringContaining('run') },
    });
  });
});

describe('init and run', () => {
  it('go from a folder to a report', async () => {
    const init = await cli('init', 'data');
    expect(init).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('labelled: 4 images in labelled/images'),
    });
    expect(init.stdout).toContain('Images are not flipped in training');
    expect(await readFile(inFolder('packmule.yaml'), 'utf8')).toMatch(/^# .*\n(.*\n)*name: data\n/);

    const run = await cli('run', ...SETTINGS);
    expect(run.stderr).toContain('Training the final network: done');
    expect(run.code).toBe(0);
    expect(run.stdout).toMatch(/^split +masks +Dice/);
    expect(run.stdout).toMatch(/\ntest +final +\d/);
    expect(run.stdout).toMatch(/\nTrust in refined masks, [^\n]+\nsplit +masks +Spearman +calibration error/);
    expect(run.stdout).toMatch(/\nReport: runs\/data\/report\.html\n$/);
    expect(await readFile(inFolder('runs', 'data', 'report.html'), 'utf8')).toMatch(/^<!doctype html>/);
  });

  it('print one JSON object for scripts, and skip what is done', async () => {
    const { code, stdout, stderr } = await cli('run', ...SETTINGS, '--json');
    expect(code).toBe(0);
    expect(stderr).toContain('done before');
    expect(stdout.trim().split('\n')).toHaveLength(1);
    const outcome = JSON.parse(stdout);
    expect(outcome.stages.map(({ skipped }: { skipped: boolean }) => skipped)).not.toContain(false);
    expect(outcome.results).toHaveLength(6);
    expect(outcome.trust).toMatchObject({ calibrated: expect.any(Boolean), images: 4 });
    expect(outcome.trust.measured.slice(-2)).toMatchObject([
      { split: 'val', masks: expect.any(Number), calibrationError: expect.any(Number) },
      { split: 'test', meanTrust: expect.any(Number), meanDice: expect.any(Number) },
    ]);
    expect(outcome.results[0].dice.present.mean).toBeGreaterThanOrEqual(0);
    expect(outcome.report).toMatch(/report\.html$/);
  });

  it('leave a network that masks other images', async () => {
    const others = [
      '--images',
      inFolder('data', 'val', 'images'),
      '--images',
      inFolder('data', 'test', 'images'),
    ];
    const { code, stdout } = await cli(
      'predict',
      'runs/data',
      ...others,
      '--out',
      'new',
      '--refine',
      '--json',
    );
    expect(code).toBe(0);
    const { annotations, images, network, refined } = JSON.parse(stdout);
    expect({ images, network, refined }).toEqual({ images: 4, network: 'final', refined: true });
    expect(JSON.parse(await readFile(annotations, 'utf8')).images).toHaveLength(4);
    const pictures = (await readdir(inFolder('new'))).filter((name) => name.endsWith('.overlay.png'));
    expect(pictures).toHaveLength(4);
    const picture = await readImageHeader(inFolder('new', pictures[0]!));
    expect(picture).toMatchObject({ height: 64, width: 64 });

    const missing = await cli('predict', 'runs/none', ...others);
    expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining('has no trained network') });
    const unheard = ['--refiner', 'none', '--set', 'threads=1', '--runs', 'elsewhere'];
    expect(await cli('predict', 'runs/data', ...others, ...unheard)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--runs, --set, --refiner stand with --images'),
    });
    expect(await cli('predict', '--refine')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--refine stands without --images'),
    });
  });

  it('says which classes a flip exchanges', async () => {
    const data = await copyData('sides');
    for (const split of ['labelled', 'val', 'test']) {
      const path = data(split, 'annotations.json');
      const file = JSON.parse(await readFile(path, 'utf8'));
      file.categories = ['11', '21', '12', '22'].map((name, i) => ({ id: i + 1, name }));
      await writeFile(path, JSON.stringify(file));
    }
    const { stdout } = await cli('init', 'sides', '--output', 'sides.yaml', '--json');
    expect(JSON.parse(stdout).mirroredPairs).toEqual([
      ['11', '21'],
      ['12', '22'],
    ]);
    expect(await readFile(inFolder('sides.yaml'), 'utf8')).toMatch(/11 and 21, 12 and 22/);
  });

  it('do not overwrite settings', async () => {
    expect(await cli('init', 'data')).toMatchObject({ code: 2, stderr: expect.stringContaining('--force') });
    expect(await cli('init', 'data', '--force', '--json')).toMatchObject({ code: 0 });
  });
});

describe('the commands of single stages', () => {
  it('do one stage after the other', async () => {
    const stagesOf = async (...args: string[]): Promise<string[]> => {
      const { stdout, code } = await cli(...args, 'data', '--name', 'steps', ...SETTINGS, '--json');
      expect(code).toBe(0);
      const { stages } = JSON.parse(stdout) as { stages: { name: string; skipped: boolean }[] };
      return stages.filter(({ skipped }) => !skipped).map(({ name }) => name);
    };
    expect(await stagesOf('train')).toEqual(['initial']);
    expect(await stagesOf('predict')).toEqual(['predict']);
    expect(await stagesOf('refine')).toEqual(['folds', 'refine', 'trust']);
    expect(await stagesOf('train', '--final')).toEqual(['final']);
    expect(await stagesOf('evaluate')).toEqual(['predictFinal', 'evaluate']);
    expect(await stagesOf('report')).toEqual(['report']);
  });

  it.each(['evaluate', 'report'])(
    '%s does a run of other settings not anew, and says what differs',
    async (command) => {
      const other = await cli(command, 'data', '--name', 'steps', '--set', 'training.base=8');
      expect(other.code).toBe(2);
      expect(other.stderr).toMatch(/training\.base is 8, and 4 in the run/);
      expect(other.stderr).toMatch(/training\.epochs is not set, and 3 in the run/);
      expect(await cli(command, 'runs/steps', '--set', 'report.cases=0')).toMatchObject({ code: 0 });
    },
  );
});

describe('bad input ends with exit code 2 before work starts:', () => {
  async function expectRefusal(data: string, name: string, ...words: string[]): Promise<void> {
    const { code, stdout, stderr } = await cli('run', data, ...SETTINGS, '--runs', 'bad-runs', '--json');
    expect({ code, stderr }).toMatchObject({ code: 2 });
    const { error } = JSON.parse(stdout);
    expect(error).toMatchObject({ name, need: expect.any(String), fix: expect.any(String) });
    for (const word of words) expect(`${error.seen} ${error.need} ${error.fix}`).toContain(word);
    expect(stderr).not.toContain('Training');
  }

  it('no settings and no data', async () => {
    await rm(inFolder('packmule.yaml'), { force: true });
    await expectRefusal('packmule.yaml', 'ConfigError', 'packmule init');
    await expectRefusal('nowhere', 'ConfigError', 'nowhere');
    await mkdir(inFolder('empty'), { recursive: true });
    await expectRefusal('empty', 'DatasetError', 'empty');
  });

  it('a truncated image, which --skip-bad leaves out', async () => {
    const data = await copyData('truncated');
    await truncate(data('unlabelled', 'images', 'phantom-0010.png'), 700);
    await expectRefusal('truncated', 'DatasetError', 'phantom-0010.png', '--skip-bad');
    const skipped = await cli('train', 'truncated', ...SETTINGS, '--skip-bad', '--json');
    expect(skipped.code).toBe(0);
    expect(JSON.parse(skipped.stdout).warnings).toEqual([expect.stringContaining('phantom-0010.png')]);
  });

  it('an image that is none', async () => {
    const data = await copyData('noise');
    await writeFile(data('labelled', 'images', 'phantom-0001.png'), 'not a picture');
    await expectRefusal('noise', 'DatasetError', 'phantom-0001.png');
  });

  it('a mask of another size', async () => {
    const data = await copyData('resized');
    const small = await encodeGreyPng({ height: 32, width: 32, bits: 8, data: new Uint8Array(1024) });
    await writeFile(data('val', 'images', 'phantom-0005.png'), small);
    await expectRefusal('resized', 'DatasetError', 'phantom-0005.png', '32 x 32', '64 x 64');
  });

  it.each([
    ['an unknown class', 'val', /"radius"/, '"radiuss"', 'radiuss'],
    ['runs that overrun the mask', 'labelled', /"counts":"[^"]*"/, '"counts":[0,999999]', 'overrun'],
    [
      'a picture of a billion pixels',
      'labelled',
      /"width":64,"height":64/,
      '"width":99999,"height":99999',
      '99999',
    ],
  ])('%s', async (_what, split, from, to, word) => {
    const name = `edited-${word}`;
    const data = await copyData(name);
    const path = data(split, 'annotations.json');
    const text = await readFile(path, 'utf8');
    expect(text).toMatch(from);
    await writeFile(path, text.replace(from, to));
    await expectRefusal(name, 'AnnotationError', word);
  });

  it('labels without a structure', async () => {
    const data = await copyData('unannotated');
    const path = data('labelled', 'annotations.json');
    const file = JSON.parse(await readFile(path, 'utf8'));
    await writeFile(path, JSON.stringify({ ...file, annotations: [] }));
    await expectRefusal('unannotated', 'DatasetError', 'no structure');
  });

  it('two images of one name', async () => {
    const data = await copyData('twice');
    await cp(data('test', 'images', 'phantom-0007.png'), data('unlabelled', 'images', 'phantom-0001.png'));
    await expectRefusal('twice', 'DatasetError', 'phantom-0001');
  });

  it('a checkpoint that is missing, and one that is no checkpoint', async () => {
    const sam = (path: string): string[] => ['--refiner', 'sam', '--model', path];
    await writeFile(inFolder('hostile.pth'), 'cos\nsystem\n(S"touch owned"\ntR.');
    for (const path of ['missing.pth', 'hostile.pth']) {
      const { code, stdout } = await cli('run', 'data', ...SETTINGS, ...sam(path), '--name', 'sam', '--json');
      expect(code).toBe(2);
      expect(JSON.parse(stdout).error).toMatchObject({
        name: 'CheckpointError',
        seen: expect.stringContaining(path),
      });
    }
  });
});

describe('messages for people', () => {
  it('are three sentences on stderr', async () => {
    const { code, stdout, stderr } = await cli('run', 'data', '--set', 'training.epoch=3');
    expect(code).toBe(2);
    expect(stdout).toBe('');
    const lines = stderr.trim().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toBe('ConfigError: There is no setting training.epoch (--set).');
    expect(lines[2]).toBe('Did you mean training.epochs?');
  });
});
