import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { coco } from '../../src/annotations/coco.ts';
import { hashFile } from '../../src/base/hash.ts';
import type { RunConfig } from '../../src/pipeline/config.ts';
import { type RunObserver, type StageName, silentObserver } from '../../src/pipeline/observer.ts';
import { type RunOptions, type RunOutcome, runPipeline } from '../../src/pipeline/run.ts';
import { readWeights } from '../../src/training/fit.ts';
import { ABSENT, machineWith, matching } from '../machine/machine.ts';
import { temporaryFolder } from '../temporary.ts';
import { tinyConfig, writeTinyData } from './tiny.ts';

let folder = '';
const at = (...parts: string[]): string => join(folder, ...parts);

/** The run that all tests start from. */
let first: RunOutcome;

beforeAll(async () => {
  folder = await temporaryFolder();
  await writeTinyData(at('data'));
  first = await runPipeline(tinyConfig(at('data')), { folder: at('first') });
});

let copies = 0;

/** Goes on from a copy of the first run. */
async function rerun(config: RunConfig, options: Partial<RunOptions> = {}): Promise<RunOutcome> {
  const copy = at(`copy-${++copies}`);
  await cp(at('first'), copy, { recursive: true });
  return runPipeline(config, { folder: copy, ...options });
}

const done = ({ stages }: RunOutcome): string[] =>
  stages.filter(({ skipped }) => !skipped).map(({ name }) => name);

/** An observer that acts when a stage begins or tells progress. */
function when(stage: StageName, act: () => void): RunObserver {
  let current: StageName | undefined;
  return {
    ...silentObserver,
    stageStarted: (name) => {
      current = name;
    },
    progress: () => {
      if (current === stage) act();
    },
  };
}

describe('a run', () => {
  it('leaves the files that its directory is described to have', async () => {
    const files = (await readdir(at('first'), { recursive: true })).sort();
    expect(files).toEqual(
      expect.arrayContaining([
        'config.json',
        'evaluation.json',
        'final/annotations.json',
        'final/model.onnx',
        'folds/3/model.onnx',
        'folds/labelled.json',
        'initial/model.onnx',
        'initial/weights.safetensors',
        'log.jsonl',
        'predicted/annotations.json',
        'refined/annotations.json',
        'refined/test.json',
        'report.html',
        'results/README.md',
        'trust/model.json',
        'trust/pairs.jsonl',
      ]),
    );
    expect(files.filter((file) => /lock|journal|tmp|checkpoint/.test(file))).toEqual([]);
  });

  it('labels every unlabelled image, with scores and provenance', async () => {
    const set = await coco.read(at('first', 'refined', 'annotations.json'));
    expect(set.images.map(({ fileName }) => fileName)).toEqual(
      (await readdir(at('data', 'unlabelled', 'images'))).sort(),
    );
    const structures = set.images.flatMap((image) => image.structures);
    expect(structures.length).toBeGreaterThan(0);
    for (const { score, trust, provenance } of structures) {
      expect(score).toBeGreaterThan(0);
      expect(trust).toBeGreaterThanOrEqual(0);
      expect(provenance).toMatchObject({ refiner: 'random-walker', agreement: expect.any(Number) });
    }
  });

  it('measures initial, refined and final on val and test', async () => {
    expect(first.evaluation?.results.map(({ split, stage }) => `${split} ${stage}`)).toEqual([
      'val initial',
      'val refined',
      'val final',
      'test initial',
      'test refined',
      'test final',
    ]);
  });

  it('shows some of the cases, and says of how many', async () => {
    expect(await readFile(at('first', 'report.html'), 'utf8')).toContain(
      'The 1 of 2 test images with the lowest Dice (final network), worst first',
    );
  });

  it('keeps settings, versions, data fingerprint and plans, and no path in what is passed on', async () => {
    const config = JSON.parse(await readFile(at('first', 'config.json'), 'utf8'));
    expect(config).toMatchObject({
      config: { name: 'tiny', training: { epochs: 3 }, refine: { refiner: 'random-walker' } },
      versions: {
        Packmule: expect.any(String),
        'data fingerprint (SHA-256)': expect.stringMatching(/^[0-9a-f]{64}$/),
      },
      plans: { initial: { settings: { epochs: 3 } } },
    });
    for (const file of ['report.html', 'results/README.md']) {
      expect(await readFile(at('first', file), 'utf8')).not.toContain(folder);
    }
  });
});

describe('a second run', () => {
  it('with nothing changed does nothing', async () => {
    expect(done(await rerun(tinyConfig(at('data'))))).toEqual([]);
  });

  const afterRefinement = ['refine', 'trust', 'final', 'predictFinal', 'evaluate', 'report'];
  it.each([
    ['report.cases=0', ['report']],
    ['evaluation.resamples=200', ['evaluate', 'report']],
    ['final.epochs=2', ['final', 'predictFinal', 'evaluate', 'report']],
    ['refine.randomWalker.sigma=9', afterRefinement],
    ['refine.refiner=none', afterRefinement],
    ['refine.selection=largest', ['predict', 'folds', ...afterRefinement]],
    ['trust.epochs=2', ['folds', 'trust', 'evaluate', 'report']],
    // The atlas that was tried on held-out images suits the labelled ones too.
    ['trust.folds=0', ['trust', 'evaluate', 'report']],
    // Prompts are not for the random walker: nothing but the list of settings in the report changes.
    ['refine.seed=interior', ['report']],
  ])('with %s does again what depends on it, and nothing else', async (set, expected) => {
    expect(done(await rerun(tinyConfig(at('data'), [set])))).toEqual(expected);
  });

  it('with other test labels measures again and trains nothing', async () => {
    await cp(at('data'), at('relabelled'), { recursive: true });
    const path = at('relabelled', 'test', 'annotations.json');
    const set = await coco.read(path);
    const images = set.images.map((image) => ({ ...image, structures: image.structures.slice(1) }));
    await coco.write(path, { ...set, images });
    const outcome = await rerun(tinyConfig(at('relabelled')));
    expect(done(outcome)).toEqual(['evaluate', 'report']);
  });

  it('with other labels to train on trains', async () => {
    expect(done(await rerun(tinyConfig(at('data'), ['data.limit=3']), { until: 'initial' }))).toEqual([
      'initial',
    ]);
  });
});

describe('a run that is interrupted while refining', () => {
  it('keeps the finished images and ends with the same bytes', async () => {
    const config = tinyConfig(at('data'));
    const run = at('interrupted');
    const controller = new AbortController();
    const observer = when('refine', () => controller.abort(new Error('stop')));
    await expect(runPipeline(config, { folder: run, observer, signal: controller.signal })).rejects.toThrow(
      'stop',
    );
    const journal = await readFile(join(run, 'refined', 'journal.jsonl'), 'utf8');
    expect(journal.split('\n')).toHaveLength(2);
    expect(existsSync(join(run, 'lock.json'))).toBe(false);

    const outcome = await runPipeline(config, { folder: run });
    expect(done(outcome).slice(0, 2)).toEqual(['refine', 'trust']);
    for (const file of [
      'predicted/annotations.json',
      'refined/annotations.json',
      'final/weights.safetensors',
      'evaluation.json',
    ]) {
      expect(await hashFile(join(run, file)), file).toBe(await hashFile(at('first', file)));
    }
  });
});

describe('a run on a device', () => {
  /** The notes of a run up to the initial network, and what was done. */
  async function notesOf(
    set: readonly string[],
    options: Pick<RunOptions, 'folder' | 'machine'>,
  ): Promise<{ notes: string[]; stages: string[] }> {
    const notes: string[] = [];
    const observer = { ...silentObserver, note: (text: string) => notes.push(text) };
    const config = tinyConfig(at('data'), set);
    const outcome = await runPipeline(config, { ...options, observer, until: 'predict' });
    return { notes, stages: done(outcome) };
  }
  const recorded = async (run: string): Promise<unknown> =>
    JSON.parse(await readFile(join(run, 'config.json'), 'utf8')).device;

  it('falls back to the CPU under auto where the device opens no model, says so, and stays on it', async () => {
    const folder = at('device');
    const machine = machineWith({ [ABSENT]: matching(3) });
    const auto = await notesOf(['device=auto'], { folder, machine });
    expect(auto.stages).toEqual(['initial', 'predict']);
    expect(auto.notes).toContainEqual(expect.stringContaining(`Computing on ${ABSENT}`));
    expect(auto.notes).toContainEqual(
      expect.stringMatching(`does not load the model on ${ABSENT}.*It runs on the CPU instead`),
    );
    expect(await recorded(folder)).toBe(ABSENT);
    expect(await hashFile(join(folder, 'initial', 'weights.safetensors'))).toBe(
      await hashFile(at('first', 'initial', 'weights.safetensors')),
    );
    expect((await notesOf(['device=auto'], { folder, machine })).stages).toEqual([]);

    // Elsewhere everything is done again, after a word about it.
    const elsewhere = await notesOf(['device=cpu'], { folder });
    expect(elsewhere.notes).toContainEqual(
      expect.stringMatching(`was computed on ${ABSENT} so far.*done again on cpu; --device ${ABSENT}`),
    );
    expect(elsewhere.stages).toEqual(['initial', 'predict']);

    // And auto stays where it then is, without trying anything.
    const back = machineWith({ [ABSENT]: matching(3) });
    expect(await notesOf(['device=auto'], { folder, machine: back })).toMatchObject({ stages: [] });
    expect(back.probed).toEqual([]);
  });

  it('ends with an error before anything is read where a named device cannot be used', async () => {
    const folder = at('unusable');
    await expect(notesOf([`device=${ABSENT}`], { folder, machine: machineWith({}) })).rejects.toMatchObject({
      name: 'DeviceError',
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it('named ends with an error where it opens no model', async () => {
    const machine = machineWith({ [ABSENT]: matching(3) });
    await expect(notesOf([`device=${ABSENT}`], { folder: at('refused'), machine })).rejects.toMatchObject({
      name: 'GraphError',
      fix: expect.stringContaining('device cpu'),
    });
  });
});

describe('a run without', () => {
  it('unlabelled images ends with the initial network and says so', async () => {
    await cp(at('data'), at('labelled-only'), { recursive: true });
    await rm(at('labelled-only', 'unlabelled'), { recursive: true });
    const outcome = await runPipeline(tinyConfig(at('labelled-only')), { folder: at('labelled-only-run') });
    expect(outcome.stages.map(({ name }) => name)).not.toContain('final');
    expect(outcome.warnings).toEqual([expect.stringContaining('no unlabelled images')]);
    expect(existsSync(outcome.run.report)).toBe(true);
  });

  it('held-out images trains, refines and reports without figures', async () => {
    await cp(at('data'), at('no-truth'), { recursive: true });
    for (const split of ['val', 'test']) await rm(at('no-truth', split), { recursive: true });
    const outcome = await runPipeline(tinyConfig(at('no-truth')), { folder: at('no-truth-run') });
    expect(outcome.evaluation?.results).toEqual([]);
    expect(existsSync(outcome.run.report)).toBe(true);
  });
});

describe('the final network', () => {
  // So slowly that what it ends with is what it began with.
  const still = ['final.epochs=1', 'final.learningRate=1e-9'];
  const STAGES = ['final', 'predictFinal', 'evaluate', 'report'];

  /** Of a convolution that every network has, its weights in the network of a run. */
  async function weights({ run }: RunOutcome, network: 'initial' | 'final'): Promise<number[]> {
    const [data] = [...(await readWeights(run.path(network))).values()].map((array) => array.data);
    return [...data!].map((value) => Number(value.toFixed(5)));
  }

  it('goes on from the initial one', async () => {
    const outcome = await rerun(tinyConfig(at('data'), still));
    expect(done(outcome)).toEqual(STAGES);
    expect(await weights(outcome, 'final')).toEqual(await weights(outcome, 'initial'));
  });

  it.each([
    ['final.start=random', 'begins with random weights (final.start)'],
    ['final.base=6', 'not that of the initial one'],
  ])('begins anew with %s, and says so', async (set, reason) => {
    const notes: string[] = [];
    const observer = { ...silentObserver, note: (text: string) => notes.push(text) };
    const outcome = await rerun(tinyConfig(at('data'), [...still, set]), { observer });
    expect(done(outcome)).toEqual(STAGES);
    expect(await weights(outcome, 'final')).not.toEqual(await weights(outcome, 'initial'));
    expect(notes.find((note) => note.startsWith('Final network:'))).toContain(reason);
  });
});

describe('other ways', () => {
  it('train on refined masks alone and measure at both resolutions', async () => {
    const set = ['final.samples=pseudo', 'evaluation.networkResolution=true', 'training.inputSize=[32, 32]'];
    const outcome = await runPipeline(tinyConfig(at('data'), set), { folder: at('pseudo') });
    expect(outcome.evaluation?.atNetworkResolution).toMatchObject({ size: { height: 32, width: 32 } });
    expect(outcome.evaluation?.atNetworkResolution?.results).toHaveLength(6);
  });

  it('as the paper has it go to the end', async () => {
    const config = tinyConfig(at('data'), [
      'preset=paper',
      'refine.refiner=random-walker',
      'final.samples=pseudo+labelled',
      'training.base=2',
    ]);
    const { evaluation, trust, run } = await runPipeline(config, { folder: at('paper-to-the-end') });
    expect(evaluation?.results.map(({ split, stage }) => `${split} ${stage}`)).toHaveLength(6);
    expect(evaluation?.atNetworkResolution?.size).toEqual({ height: 64, width: 64 });
    expect(trust?.model).toEqual({ calibrated: false, reason: 'trust.folds is 0' });
    expect(await readFile(run.report, 'utf8')).toContain('</html>');
  });

  it('with nothing to learn from say so: a network that has not learnt finds nothing', async () => {
    const config = tinyConfig(at('data'), [
      'training.head=overlapping',
      'training.learningRate=1e-9',
      'final.samples=pseudo',
    ]);
    await expect(runPipeline(config, { folder: at('unlearnt') })).rejects.toMatchObject({
      name: 'TrainingError',
      seen: 'The initial network found no mask in any of the 4 unlabelled images',
    });
  });
});

describe('a full disk', () => {
  it('is a RunError that says what to do, and nothing half-written is left under a final name', async ({
    skip,
  }) => {
    const disk = at('disk');
    await mkdir(disk);
    try {
      execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], { stdio: 'ignore' });
    } catch {
      skip('a small file system cannot be mounted here');
    }
    try {
      await expect(runPipeline(tinyConfig(at('data')), { folder: join(disk, 'run') })).rejects.toMatchObject({
        name: 'RunError',
        seen: expect.stringMatching(/has [\d.]+ MB free/),
        fix: expect.stringContaining('Free some space'),
      });
      await writeFile(join(disk, 'filler'), Buffer.alloc(1000 * 1024)).catch(() => undefined);
      const { openJournal } = await import('../../src/pipeline/journal.ts');
      const { writeFileAtomic } = await import('../../src/base/files.ts');
      await writeFile(join(disk, 'kept.json'), 'whole').catch(() => undefined);
      const full = {
        name: 'RunError',
        seen: expect.stringContaining('ENOSPC'),
        fix: expect.stringContaining('Free some space'),
      };
      await expect(writeFileAtomic(join(disk, 'kept.json'), Buffer.alloc(400_000))).rejects.toMatchObject(
        full,
      );
      expect((await readdir(disk)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
      const journal = await openJournal(join(disk, 'journal.jsonl'));
      await expect(journal.append('a', 'x'.repeat(400_000))).rejects.toMatchObject(full);
      await journal.close();
    } finally {
      execFileSync('/bin/umount', [disk]);
    }
  });
});
