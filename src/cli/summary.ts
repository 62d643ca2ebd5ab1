/** @file The outcome of a run as text and as JSON. */
import { relative } from 'node:path';
import type { OverallFigure } from '../evaluate/evaluation.ts';
import type { RunOutcome } from '../pipeline/run.ts';
import type { Part } from '../pipeline/shard.ts';
import { describeShard } from '../pipeline/shard.ts';
import { describeAdaptation } from '../pipeline/stages/adapt.ts';
import type { StageResult, TrustMeasure } from '../report/data.ts';
import type { FittedTrust } from '../trust/model.ts';
import type { ActionResult } from './action.ts';

/** What came of a part of the images, and what comes next. */
export function describePart({ shard, images, before }: Part, stage?: string): ActionResult {
  const of = stage === undefined ? '' : ` of the stage ${stage}`;
  const known = before === 0 ? '' : `, ${before} of them before`;
  return {
    text: `${images} images${of} are done${known}: ${describeShard(shard)}.\nWhen all parts are done, the same command without --shard puts them together.`,
    json: { shard, ...(stage && { stage }), images, before },
  };
}

export function summarise({
  run,
  stages,
  adaptation,
  trust,
  evaluation,
  warnings,
}: RunOutcome): ActionResult {
  const last = stages.at(-1);
  if (last?.part !== undefined) return describePart(last.part, last.name);
  const results = evaluation?.results ?? [];
  const measured = [
    ...(trust?.heldOut === undefined ? [] : [{ split: 'labelled', reliability: trust.heldOut }]),
    ...(evaluation?.trust ?? []),
  ];
  const report = stages.some(({ name }) => name === 'report') ? run.report : undefined;
  const here = (path: string): string => relative(process.cwd(), path) || path;
  return {
    text: [
      ...resultRows(results),
      ...(trust === undefined ? [] : trustRows(trust, measured)),
      ...(adaptation === undefined ? [] : [describeAdaptation(adaptation)]),
      ...warnings.map((warning) => `Note: ${warning}`),
      `Run:    ${here(run.root)}`,
      ...(report === undefined ? [] : [`Report: ${here(report)}`]),
    ].join('\n'),
    json: {
      run: run.root,
      stages: stages.map(({ name, skipped, seconds }) => ({ name, skipped, seconds })),
      results: results.map(({ split, stage, evaluation: { overall } }) => ({
        split,
        stage,
        dice: { present: figure(overall.dice.present), counted: figure(overall.dice.counted) },
        iou: { present: figure(overall.iou.present), counted: figure(overall.iou.counted) },
      })),
      ...(adaptation && { adaptation }),
      ...(trust && {
        trust: {
          calibrated: trust.model.calibrated,
          ...(!trust.model.calibrated && { reason: trust.model.reason }),
          pairs: trust.pairs,
          images: trust.images,
          measured: measured.map(({ split, reliability: { bins: _, ...figures } }) => ({
            split,
            ...figures,
          })),
        },
      }),
      ...(report !== undefined && { report }),
      warnings,
    },
  };
}

function figure({ mean, interval }: OverallFigure): Pick<OverallFigure, 'mean' | 'interval'> {
  return { mean, interval };
}

function resultRows(results: readonly StageResult[]): string[] {
  if (results.length === 0) return [];
  const rows = results.map(({ split, stage, evaluation: { overall } }) => {
    const { mean, interval } = overall.dice.present;
    const range = interval === null ? '' : `(${percent(interval.low)} to ${percent(interval.high)})`;
    return [split, stage, percent(mean), range, percent(overall.dice.counted.mean)];
  });
  const head = ['split', 'masks', 'Dice', '95 % interval', 'Dice, invented structures count 0'];
  return table(head, rows);
}

/** How trust compares with true Dice; on the labelled images each mask is judged by folds it is not in. */
function trustRows({ model, pairs, images }: FittedTrust, measured: readonly TrustMeasure[]): string[] {
  const rows = measured.map(
    ({ split, reliability: { masks, spearman, calibrationError, meanTrust, meanDice } }) => [
      split === 'labelled' ? 'labelled, held out' : split,
      String(masks),
      decimals(spearman, 2),
      decimals(calibrationError, 3),
      percent(meanTrust),
      percent(meanDice),
    ],
  );
  const title = model.calibrated
    ? `Trust in refined masks, calibrated on ${pairs} masks of ${images} labelled images`
    : `Trust in refined masks, not calibrated: ${model.reason}`;
  if (rows.length === 0) return [title, ''];
  return [
    title,
    ...table(['split', 'masks', 'Spearman', 'calibration error', 'mean trust, %', 'mean Dice, %'], rows),
  ];
}

/** Columns side by side, and an empty line. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return [
    ...all.map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    ),
    '',
  ];
}

const decimals = (value: number | null, digits: number): string =>
  value === null ? '-' : value.toFixed(digits);
const percent = (score: number | null): string => (score === null ? '-' : (100 * score).toFixed(1));
