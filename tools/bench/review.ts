/**
 * @file What a review is worth: the least trusted masks of a finished run over phantoms are decided by their ground truth,
 * as a careful person would, and the next round learns from that. Beside it stands what the page expected.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { coco } from '../../src/annotations/coco.ts';
import type { AnnotationSet } from '../../src/annotations/types.ts';
import { dice, rleOverlap } from '../../src/masks/overlap.ts';
import { type Rle, rleToString } from '../../src/masks/rle.ts';
import { readRecordedConfig } from '../../src/pipeline/recorded-config.ts';
import { roundName } from '../../src/pipeline/rounds.ts';
import { type RunDirectory, runDirectory } from '../../src/pipeline/run-directory.ts';
import { readEvaluation } from '../../src/pipeline/stages/evaluate.ts';
import { openDecisionJournal } from '../../src/review/decision-journal.ts';

export interface ReviewBenchOptions {
  /** The folder of a run such as that of `packmule demo`; it is copied. */
  readonly run: string;
  /** How many masks are decided. */
  readonly masks: number;
}

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
/** From this Dice on a mask is accepted as it is, [0, 1]; others are corrected. */
const GOOD = 0.95;

/** Dice in percent. `pool`: of the unlabelled images, whose truth a phantom has and no run sees. */
export async function benchReview({ run, masks }: ReviewBenchOptions): Promise<Record<string, number>> {
  const folder = await mkdtemp(join(tmpdir(), 'packmule-review-'));
  try {
    const { name } = await readRecordedConfig(runDirectory(run));
    const first = runDirectory(join(folder, name));
    await cp(run, first.root, { recursive: true });
    await rm(first.path('review'), { recursive: true, force: true });
    const config = await readRecordedConfig(first);
    const truth = await coco.read(join(config.data.root, 'unlabelled-truth.json'));
    const refined = found(await coco.read(first.masks('refined', 'unlabelled')), truth);
    const next = refined.toSorted((a, b) => a.trust - b.trust).slice(0, masks);
    const counts = await decide(first, next);
    const [trust, dices] = [refined.map((one) => one.trust), refined.map((one) => one.dice)];
    const without = await figures(first, truth);
    const code = await runRound(first, folder);
    if (code !== 0) throw new Error(`round 2 ended with ${code}`);
    const reviewed = await figures(runDirectory(join(folder, roundName(name, 2))), truth);
    return {
      pool_masks: refined.length,
      ...counts,
      expected_now: percent(mean(trust)),
      expected_after: percent(mean(trust) + (masks - sum(next.map((one) => one.trust))) / refined.length),
      true_now: percent(mean(dices)),
      true_after: percent(mean(dices) + (masks - sum(next.map((one) => one.dice))) / refined.length),
      ...named(without, 'round_1'),
      ...named(reviewed, 'round_2'),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Found {
  /** Id of the case. */
  readonly image: string;
  readonly className: string;
  readonly rle: Rle;
  /** Undefined where nothing of the class is to be seen. */
  readonly truth: Rle | undefined;
  readonly trust: number;
  /** [0, 1] */
  readonly dice: number;
}

/** All masks of a set beside their truth. */
function found({ classes, images }: AnnotationSet, truth: AnnotationSet): Found[] {
  const trueImages = new Map(truth.images.map((image) => [image.fileName, image.structures]));
  return images.flatMap(({ fileName, structures }) =>
    structures.map(({ classIndex, rle, trust = 0 }): Found => {
      const className = classes[classIndex]!;
      const own = truth.classes.indexOf(className);
      const trueRle = trueImages.get(fileName)?.find((structure) => structure.classIndex === own)?.rle;
      const image = fileName.replace(/\.[^.]*$/, '');
      return { image, className, rle, truth: trueRle, trust, dice: dice(rleOverlap(trueRle, rle)) ?? 0 };
    }),
  );
}

/** Writes the journal of a review, and counts its verdicts. */
async function decide(
  run: RunDirectory,
  masks: readonly Found[],
): Promise<{ accepted: number; corrected: number; rejected: number }> {
  const counts = { accepted: 0, corrected: 0, rejected: 0 };
  const journal = await openDecisionJournal(run.decisions);
  for (const { image, className, rle, truth, dice: similarity } of masks) {
    const verdict = truth === undefined ? 'rejected' : similarity >= GOOD ? 'accepted' : 'corrected';
    counts[verdict]++;
    const kept = verdict === 'accepted' ? rle : truth;
    await journal.decide(
      { image, className, verdict, by: 'truth', ...(kept !== undefined && { counts: rleToString(kept) }) },
      0,
    );
  }
  await journal.close();
  return counts;
}

async function runRound(run: RunDirectory, runs: string): Promise<number | null> {
  const child = spawn(process.execPath, [MAIN, 'run', run.root, '--round', '2'], {
    cwd: runs,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return code;
}

/** Mean Dice of the final network on the measured splits and on the pool. */
async function figures(run: RunDirectory, truth: AnnotationSet): Promise<Record<string, number>> {
  const { results } = await readEvaluation(run);
  const measured = results.flatMap(({ split, stage, evaluation }) => {
    const { mean: value } = evaluation.overall.dice.present;
    return stage === 'final' && value !== null ? [[split, percent(value)] as const] : [];
  });
  const pool = found(await coco.read(run.masks('final', 'unlabelled')), truth);
  return { ...Object.fromEntries(measured), pool: percent(mean(pool.map((one) => one.dice))) };
}

const named = (values: Readonly<Record<string, number>>, prefix: string): Record<string, number> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}_${name}`, value]));

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;
const percent = (value: number): number => Number((100 * value).toFixed(2));
