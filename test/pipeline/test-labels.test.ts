/** The labels of test are for evaluation and report alone. */
import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { coco } from '../../src/annotations/coco.ts';
import { hashFile } from '../../src/base/hash.ts';
import { casesOf } from '../../src/dataset/types.ts';
import { STEPS } from '../../src/pipeline/course.ts';
import { silentObserver } from '../../src/pipeline/observer.ts';
import { prepareRun } from '../../src/pipeline/prepare.ts';
import { type RunOutcome, runPipeline } from '../../src/pipeline/run.ts';
import { runDirectory } from '../../src/pipeline/run-directory.ts';
import { temporaryFolder } from '../temporary.ts';
import { tinyConfig, writeTinyData } from './tiny.ts';

let folder = '';
const at = (...parts: string[]): string => join(folder, ...parts);
const config = (data: string) => tinyConfig(at(data), ['trust.folds=2']);

beforeAll(async () => {
  folder = await temporaryFolder();
  await writeTinyData(at('data'));
  await cp(at('data'), at('scrambled'), { recursive: true });
  const path = at('scrambled', 'test', 'annotations.json');
  const { classes, images } = await coco.read(path);
  const last = classes.length - 1;
  await coco.write?.(path, {
    classes,
    images: images.map((image, i) => ({
      ...image,
      structures: images[(i + 1) % images.length]!.structures.map(({ classIndex, rle }) => ({
        classIndex: last - classIndex,
        rle,
      })),
    })),
  });
});

/** Hashes of the networks, masks and trust of a run, by file. */
async function made(run: string): Promise<Map<string, string>> {
  const files = (await readdir(at(run), { recursive: true }))
    .filter((name) =>
      /\.(onnx|safetensors)$|^(refined|trust|final[^/]*|folds|predicted|selected|settled)\/.*\.json$/.test(
        name,
      ),
    )
    .sort();
  return new Map(
    await Promise.all(files.map(async (name) => [name, await hashFile(at(run, name))] as const)),
  );
}

describe('the labels of test', { timeout: 300_000 }, () => {
  it('are not in what stages are given, but for those that measure and show', async () => {
    const context = { run: runDirectory(at('prepared')), observer: silentObserver, signal: undefined };
    const options = { model: undefined, skipBad: false, machine: undefined };
    const { prepared, truth } = await prepareRun(context, config('data'), options);
    const masks = (dataset: typeof truth.dataset, split: 'labelled' | 'val' | 'test'): boolean[] =>
      casesOf(dataset, split).map(({ structures }) => structures !== undefined);
    expect(masks(prepared.checked.dataset, 'test')).toEqual([false, false]);
    expect(masks(prepared.checked.dataset, 'val')).toEqual([true, true]);
    expect(masks(prepared.checked.dataset, 'labelled')).toEqual([true, true, true, true]);
    expect(masks(truth.dataset, 'test')).toEqual([true, true]);
    const given = STEPS.filter(({ work }) => work.length > 1);
    expect(given.map(({ name }) => name)).toEqual(['evaluate', 'report']);
  });

  it('change the figures where they change, and no byte of a network, a mask or trust', async () => {
    const [one, other] = [
      await runPipeline(config('data'), { folder: at('one') }),
      await runPipeline(config('scrambled'), { folder: at('other') }),
    ];
    const files = await made('one');
    for (const name of [
      'initial/model.onnx',
      'final/weights.safetensors',
      'refined/test.json',
      'trust/model.json',
    ])
      expect([...files.keys()]).toContain(name);
    expect(await made('other')).toEqual(files);
    const keys = ({ stages }: RunOutcome): string[] =>
      stages
        .filter(({ name }) => name !== 'evaluate' && name !== 'report')
        .map(({ name, key }) => `${name} ${key}`);
    expect(keys(other)).toEqual(keys(one));
    const dice = ({ evaluation }: RunOutcome, split: string) =>
      evaluation!.results
        .filter((result) => result.split === split)
        .map((result) => result.evaluation.overall);
    expect(dice(other, 'val')).toEqual(dice(one, 'val'));
    expect(dice(other, 'test')).not.toEqual(dice(one, 'test'));
  });
});
