/** @file The outcome of a run as text and as JSON. */
import { relative } from 'node:path';
import type { OverallFigure } from '../evaluate/evaluation.ts';
import type { RunOutcome } from '../pipeline/run.ts';
import type { StageResult } from '../report/data.ts';
import type { ActionResult } from './action.ts';

export function summarise({ run, stages, evaluation, warnings }: RunOutcome): ActionResult {
  const results = evaluation?.results ?? [];
  const report = stages.some(({ name }) => name === 'report') ? run.report : undefined;
  const here = (path: string): string => relative(process.cwd(), path) || path;
  return {
    text: [
      ...table(results),
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
      ...(report !== undefined && { report }),
      warnings,
    },
  };
}

function figure({ mean, interval }: OverallFigure): Pick<OverallFigure, 'mean' | 'interval'> {
  return { mean, interval };
}

function table(results: readonly StageResult[]): string[] {
  if (results.length === 0) return [];
  const rows = results.map(({ split, stage, evaluation: { overall } }) => {
    const { mean, interval } = overall.dice.present;
    const range = interval === null ? '' : `(${percent(interval.low)} to ${percent(interval.high)})`;
    return [split, stage, percent(mean), range, percent(overall.dice.counted.mean)];
  });
  const head = ['split', 'masks', 'Dice', '95 % interval', 'Dice, invented structures count 0'];
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

const percent = (score: number | null): string => (score === null ? '-' : (100 * score).toFixed(1));
