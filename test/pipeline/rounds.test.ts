/** A run, a review of it, and the run that learns from the review. */
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { coco } from '../../src/annotations/coco.ts';
import type { AnnotatedImage } from '../../src/annotations/types.ts';
import { casesOf } from '../../src/dataset/types.ts';
import { rleToString } from '../../src/masks/rle.ts';
import { roundConfig, roundName } from '../../src/pipeline/rounds.ts';
import { type RunOutcome, runPipeline } from '../../src/pipeline/run.ts';
import { openRunDataset } from '../../src/pipeline/run-dataset.ts';
import { runDirectory } from '../../src/pipeline/run-directory.ts';
import type { Verdict } from '../../src/review/decision.ts';
import { openDecisionJournal } from '../../src/review/decision-journal.ts';
import { temporaryFolder } from '../temporary.ts';
import { tinyConfig, writeTinyData } from './tiny.ts';

let folder = '';
const at = (...parts: string[]): string => join(folder, ...parts);
const config = (): ReturnType<typeof tinyConfig> => tinyConfig(at('data'), ['trust.folds=0']);

let classes: readonly string[];
let pool: readonly AnnotatedImage[];

beforeAll(async () => {
  folder = await temporaryFolder();
  await writeTinyData(at('data'));
  await runPipeline(config(), { folder: at('runs', 'tiny'), until: 'trust' });
  ({ classes, images: pool } = await coco.read(at('runs', 'tiny', 'refined', 'annotations.json')));
});

const idOf = ({ fileName }: AnnotatedImage): string => fileName.replace('.png', '');

/** Decides about the mask of a class in an image of the pool of the first run. */
async function decide(image: AnnotatedImage, classIndex: number, verdict: Verdict): Promise<void> {
  const journal = await openDecisionJournal(runDirectory(at('runs', 'tiny')).decisions);
  const target = { image: idOf(image), className: classes[classIndex]! };
  const mask = image.structures.find((structure) => structure.classIndex === classIndex);
  const counts = verdict === 'accepted' && mask ? { counts: rleToString(mask.rle) } : {};
  await journal.decide({ ...target, verdict, by: 'ada', ...counts }, journal.find(target)?.number ?? 0);
  await journal.close();
}

const secondRound = async (): Promise<RunOutcome> =>
  runPipeline(await roundConfig(config(), 2, at('runs')), {
    folder: at('runs', 'tiny-round-2'),
    until: 'trust',
  });

const done = ({ stages }: RunOutcome): string[] =>
  stages.filter(({ skipped }) => !skipped).map(({ name }) => name);

describe('rounds', () => {
  it('are named after the first', () => {
    expect([roundName('teeth', 1), roundName('teeth', 2), roundName('teeth-round-2', 3)]).toEqual([
      'teeth',
      'teeth-round-2',
      'teeth-round-3',
    ]);
  });

  it('need a review before them, and say how', async () => {
    await expect(roundConfig(config(), 2, at('runs'))).rejects.toMatchObject({
      name: 'RunError',
      fix: expect.stringContaining('packmule review'),
    });
    await expect(roundConfig(config(), 3, at('elsewhere'))).rejects.toMatchObject({ name: 'RunError' });
    await expect(roundConfig(config(), 1.5, at('runs'))).rejects.toMatchObject({ name: 'ConfigError' });
  });

  it('learn from what was accepted, and keep to what was rejected', async () => {
    const [whole, partly] = pool.filter(({ structures }) => structures.length > 1) as [
      AnnotatedImage,
      AnnotatedImage,
    ];
    for (const { classIndex } of whole.structures) await decide(whole, classIndex, 'accepted');
    const [kept, gone] = partly.structures.map(({ classIndex }) => classIndex) as [number, number];
    await decide(partly, kept, 'accepted');

    const second = await secondRound();
    expect(done(second)).toEqual(['initial', 'predict', 'refine', 'trust']);
    const labelled = casesOf(await openRunDataset(await roundConfig(config(), 2, at('runs'))), 'labelled');
    expect(labelled).toHaveLength(5);
    expect(labelled.at(-1)).toMatchObject({
      id: idOf(whole),
      structures: whole.structures.map(({ rle }) => ({ rle })),
    });

    const refined = await coco.read(second.run.masks('refined', 'unlabelled'));
    expect(refined.images.map(({ fileName }) => fileName)).not.toContain(whole.fileName);
    const after = refined.images.find(({ fileName }) => fileName === partly.fileName)!;
    const accepted = after.structures.find(({ classIndex }) => classIndex === kept)!;
    expect(accepted.rle).toEqual(partly.structures.find(({ classIndex }) => classIndex === kept)!.rle);
    expect(accepted.provenance).toMatchObject({ reviewed: { by: 'ada' } });
    expect(accepted.trust).toBeUndefined();

    // With nothing new decided there is nothing to do; with one word more the masks are made again.
    expect(done(await secondRound())).toEqual([]);
    await decide(partly, gone, 'skipped');
    expect(done(await secondRound())).toEqual([]);
    await decide(partly, kept, 'rejected');
    expect(done(await secondRound())).toEqual(['refine', 'trust']);
    const again = await coco.read(second.run.masks('refined', 'unlabelled'));
    const classesOf = again.images
      .find(({ fileName }) => fileName === partly.fileName)!
      .structures.map(({ classIndex }) => classIndex);
    expect(classesOf).not.toContain(kept);
  });
});
