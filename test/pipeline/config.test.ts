import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ConfigError } from '../../src/base/errors.ts';
import { findModel } from '../../src/models/registry.ts';
import type { Tree } from '../../src/pipeline/config.ts';
import { describeConfig } from '../../src/pipeline/describe-config.ts';
import { loadConfig, resolveConfig } from '../../src/pipeline/load-config.ts';
import { chooseSam, nameSam } from '../../src/pipeline/sam-model.ts';
import { useFolder } from './folder.ts';

const inFolder = useFolder();

const resolveSet = (...set: string[]): ReturnType<typeof resolveConfig> =>
  resolveConfig({ data: { root: 'scans' } }, '/place', { set });

function complaint(work: () => unknown): ConfigError {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return error as ConfigError;
  }
  throw new Error('nothing was thrown');
}

async function loadText(text: string): Promise<ReturnType<typeof resolveConfig>> {
  await writeFile(inFolder('packmule.yaml'), text);
  return loadConfig(inFolder('packmule.yaml'));
}

/** Ten lists of nine aliases each: nine to the power of ten values. */
const ALIASES_OF_ALIASES = Array.from({ length: 10 }, (_, i) => {
  const items = i === 0 ? 'x' : `*a${i - 1}`;
  return `a${i}: &a${i} [${new Array<string>(9).fill(items).join(', ')}]\n`;
}).join('');

describe('a settings file', () => {
  it('is filled up with defaults, a name, and paths relative to its folder', async () => {
    const config = await loadText('data:\n  root: scans of teeth\nsam:\n  model: sam.pth\n');
    expect(config.name).toBe('scans-of-teeth');
    expect(config.data.root).toBe(inFolder('scans of teeth'));
    expect(config.sam.model).toBe(inFolder('sam.pth'));
    expect(config).toMatchObject({
      preset: 'laptop',
      seed: 1,
      final: { samples: 'pseudo+labelled', start: 'initial' },
    });
  });

  it.each([
    ['Übung 1', 'bung-1'],
    ['_scans', 'scans'],
    ['[old] teeth', 'old--teeth'],
    ['Öäü', 'run'],
  ])('of the folder %s has a name that settings allow', async (folder, name) => {
    expect((await loadText(`data:\n  root: '${folder}'\n`)).name).toBe(name);
  });

  it('with a path of Windows in double quotes says how paths are written', async () => {
    await expect(loadText('data:\n  root: "C:\\Users\\me"\n')).rejects.toMatchObject({
      fix: 'Correct line 2: write a path without quotes, or with / in place of each \\',
    });
    const { data } = await loadText('data:\n  root: /C:\\Users\\me\n');
    expect(data.root).toBe('/C:\\Users\\me');
  });

  it('may have sections without a setting in them', async () => {
    const config = await loadText('data:\n  root: scans\n  splits:\n    val:\n      #images:\ntraining:\n');
    expect(config.data).not.toHaveProperty('splits');
    expect(config.training.head).toBe('auto');
  });

  it.each([
    [
      'data:\n  root: x\ntraning:\n  epochs: 3\n',
      /no setting traning \(line 3 of .*packmule\.yaml\)/,
      'training',
    ],
    [
      'data:\n  root: x\ntraining:\n  base: 8\n  epoch: 3\n',
      /training\.epoch \(line 5 of/,
      'training.epochs',
    ],
    [
      'data:\n  root: x\nrefine:\n  randomWalker: {sigmoid: 3}\n',
      /sigmoid \(line 4 of/,
      'refine.randomWalker.sigma',
    ],
    ['data:\n  root: x\nepochs: 3\n', /no setting epochs \(line 3 of/, 'training.epochs'],
  ])('with an unknown key is refused with line and suggestion: %j', async (text, seen, suggestion) => {
    await expect(loadText(text)).rejects.toMatchObject({
      name: 'ConfigError',
      seen: expect.stringMatching(seen),
      fix: `Did you mean ${suggestion}?`,
    });
  });

  it('with an impossible value is refused with its line and the choices', async () => {
    await expect(loadText('data:\n  root: x\ntraining:\n  head: both\n')).rejects.toMatchObject({
      seen: expect.stringMatching(/training\.head in line 4 of/),
      fix: 'Choose one of auto, exclusive, overlapping',
    });
  });

  it('shows all mistakes at once', async () => {
    await expect(loadText('data:\n  root: x\nsede: 1\ntraining:\n  epochs: -1\n')).rejects.toMatchObject({
      seen: expect.stringMatching(/2 settings[\s\S]*line 5[\s\S]*sede \(line 3/),
    });
  });

  it.each([
    ['data: [', 'is not valid YAML'],
    ['- a\n- b\n', 'holds no settings but a list'],
    ['', 'data is not set in'],
    ['data:\n  root: 7\n', 'data.root in line 2'],
    ['data:\n  seed: 7\n', 'data.root is not set in line 1'],
    ['data:\n  root: "a\\0b"\n', 'zero byte'],
    [ALIASES_OF_ALIASES, 'cannot be read as data'],
    ['data: &data\n  root: x\n  splits: *data\n', 'levels deep'],
  ])('that is no settings file at all is refused: %j', async (text, seen) => {
    await expect(loadText(text)).rejects.toMatchObject({
      name: 'ConfigError',
      seen: expect.stringContaining(seen),
    });
  });

  it('that is longer than settings are is refused before it is parsed', async () => {
    await expect(loadText(`data: ${'['.repeat(1e6)}`)).rejects.toMatchObject({
      name: 'ConfigError',
      seen: expect.stringContaining('1000006 bytes long'),
    });
  });

  it('in another encoding is refused, and may begin with a byte order mark', async () => {
    const text = '\ufeffdata:\n  root: x\n';
    expect((await loadText(text)).name).toBe('x');
    await writeFile(inFolder('packmule.yaml'), text, 'utf16le');
    await expect(loadConfig(inFolder('packmule.yaml'))).rejects.toMatchObject({
      name: 'ConfigError',
      seen: expect.stringContaining('not UTF-8'),
    });
  });

  it('that is missing is refused', async () => {
    await expect(loadConfig(inFolder('none.yaml'))).rejects.toMatchObject({
      name: 'ConfigError',
      seen: expect.stringContaining('none.yaml'),
    });
  });
});

describe('--set', () => {
  it('takes numbers, words and lists by path', () => {
    const config = resolveSet(
      'training.epochs=4',
      'training.inputSize=[32, 64]',
      'refine.refiner=none',
      'data.classAttribute=a=b',
    );
    expect(config.training).toMatchObject({ epochs: 4, inputSize: [32, 64] });
    expect(config.refine.refiner).toBe('none');
    expect(config.data.classAttribute).toBe('a=b');
  });

  it('wins over the file', async () => {
    await writeFile(inFolder('a.yaml'), 'data: {root: x}\nseed: 4\n');
    expect((await loadConfig(inFolder('a.yaml'), { set: ['seed=9'] })).seed).toBe(9);
  });

  it('is named as the place of the mistake', () => {
    expect(complaint(() => resolveSet('training.epoch=4')).message).toMatch(
      /training\.epoch \(--set\).*Did you mean training\.epochs\?/,
    );
    expect(complaint(() => resolveSet('trainng.epochs=4')).seen).toContain('(--set)');
    expect(complaint(() => resolveSet('training.epochs')).seen).toContain('names no setting and value');
    expect(complaint(() => resolveSet('seed=[1')).seen).toContain('not valid YAML');
  });

  it('does not reach the prototypes of objects', () => {
    complaint(() => resolveSet('__proto__.polluted=1', 'training.__proto__.polluted=1'));
    expect({}).not.toHaveProperty('polluted');
  });
});

describe('presets', () => {
  it('paper refines by SAM, trains on refined masks alone and measures as the paper does', () => {
    const paper = resolveSet('preset=paper');
    expect(paper.refine.refiner).toBe('sam');
    expect(paper.final).toMatchObject({ samples: 'pseudo', start: 'random' });
    expect(paper.evaluation.networkResolution).toBe(true);
  });

  it('give way to what the user sets', () => {
    const paper = resolveSet('preset=paper', 'refine.refiner=random-walker', 'final.samples=pseudo+labelled');
    expect(paper.refine.refiner).toBe('random-walker');
    expect(paper.final.samples).toBe('pseudo+labelled');
  });
});

describe('the model of the refiner sam', () => {
  it('by a name of the registry stays a name', () => {
    expect(resolveSet('sam.model=sam-vit-h').sam.model).toBe('sam-vit-h');
    expect(resolveSet('sam.model=./sam-vit-h').sam.model).toBe('/place/sam-vit-h');
  });

  it.each([
    [['refine.refiner=sam'], 'sam-vit-b', 'sam'],
    [['refine.refiner=sam', 'sam.model=medsam-vit-b'], 'medsam-vit-b', 'medsam'],
    [['refine.refiner=sam', 'sam.model=medsam-vit-b', 'sam.preprocessing=sam'], 'medsam-vit-b', 'sam'],
    [['refine.preset=medsam'], 'medsam-vit-b', 'medsam'],
    [['refine.preset=medsam', 'sam.model=sam-vit-l'], 'sam-vit-l', 'medsam'],
  ])('is, with %j, %s seeing images as %s', async (set, name, preprocessing) => {
    const choice = await chooseSam(resolveSet(...set));
    expect(choice).toEqual({ chosen: { entry: findModel(name) }, preprocessing });
    expect(nameSam(resolveSet(...set), choice).sam).toMatchObject({ model: name, preprocessing });
  });

  it('is none without that refiner', async () => {
    expect(await chooseSam(resolveSet('refine.refiner=close-up', 'sam.model=nowhere.pth'))).toBeUndefined();
  });

  it('may be a path, whose images are seen as SAM sees them', async () => {
    await writeFile(inFolder('own.pth'), '');
    const path = inFolder('own.pth');
    const choice = await chooseSam(resolveSet('refine.refiner=sam', `sam.model=${path}`));
    expect(choice).toEqual({ chosen: { path }, preprocessing: 'sam' });
  });

  it('that is neither is refused, with the name that was meant', async () => {
    await expect(chooseSam(resolveSet('refine.refiner=sam', 'sam.model=sam-vit-hh'))).rejects.toMatchObject({
      name: 'CheckpointError',
      seen: expect.stringContaining('sam-vit-hh is neither'),
      fix: 'Did you mean sam-vit-h?',
    });
  });
});

describe('describeConfig', () => {
  it('writes a file that loads as what was set', () => {
    const set = { name: 'a', data: { root: '/scans', classes: ['one', 'two: three'] }, seed: 5 };
    expect(resolveConfig(parse(describeConfig(set)) as Tree, '/')).toEqual(resolveConfig(set, '/'));
  });

  it('shows every default as it is: settings without their hash mark change nothing', () => {
    const set = { name: 'a', data: { root: '/scans' } };
    const text = describeConfig(set);
    const bared = text.replace(/^( *)#(?=\w)/gm, '$1');
    expect(bared).not.toBe(text);
    expect(resolveConfig(parse(bared) as Tree, '/')).toEqual(resolveConfig(set, '/'));
  });

  it('explains every setting', () => {
    const lines = describeConfig({ name: 'a', data: { root: 'x' } }, ['First line']).split('\n');
    expect(lines[0]).toBe('# First line');
    const unexplained = lines.filter(
      (line, i) => /^ *#?\w+:/.test(line) && !/^ *# /.test(lines[i - 1] ?? ''),
    );
    expect(unexplained).toEqual([]);
  });
});
