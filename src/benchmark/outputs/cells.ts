/** @file What the cells of a table say, for all formats alike. */
import type { ByRule } from '../../evaluate/evaluation.ts';
import { percent, percentInterval, pValue, signedPercent } from '../../report/format.ts';
import type { ClassFigure, Figure, Grid, MethodName, Row, SplitFigures } from '../table.ts';

/** From this p value on a difference may be chance. */
export const SIGNIFICANCE = 0.05;

/** The row of a method with so many labels; undefined where none of its cells is done. */
export function rowAt({ rows }: SplitFigures, method: string, labelled: number): Row | undefined {
  return rows.find((row) => row.method === method && row.labelled === labelled);
}

/** Mean and interval: `79.3 (78.1–80.4)`; a dash where no cell is done. */
export function diceText(row: Row | undefined): string {
  if (row === undefined) return '–';
  const { mean, interval } = row.dice.present;
  return interval === null ? percent(mean) : `${percent(mean)} (${percentInterval(interval)})`;
}

/** How a row compares with the first method: `+1.2, p = 0.012`. Empty for the first method itself. */
export function againstText(row: Row): string {
  const difference = row.againstFirst?.present;
  return difference === undefined ? '' : `${signedPercent(difference.difference)}, ${pValue(difference.p)}`;
}

/** The seeds of a row where some are missing: `2 of 3 seeds`. */
export function seedsText(row: Row, { seeds }: Grid): string {
  return row.seeds.length === seeds ? '' : `${row.seeds.length} of ${seeds} seeds`;
}

/** The figures of one row in the table of all measures. */
export function measures({ dice, iou, spread, ...row }: Row): readonly string[] {
  const means = ({ present, counted }: ByRule<Figure>) => ({ present: present.mean, counted: counted.mean });
  return [
    ...classMeasures({ ...row, dice: means(dice), iou: means(iou) }),
    spread === null ? '–' : percent(spread),
  ];
}

/** Those of one class. */
export function classMeasures({
  dice,
  iou,
  hd95,
  assd,
  detectionRate,
}: Omit<ClassFigure, 'name'>): readonly string[] {
  return [
    percent(dice.present),
    percent(dice.counted),
    percent(iou.present),
    percent(iou.counted),
    hd95?.toFixed(1) ?? '–',
    assd?.toFixed(2) ?? '–',
    percent(detectionRate),
  ];
}

export const CLASS_MEASURES: readonly string[] = [
  'Dice, skipped',
  'Dice, counted',
  'IoU, skipped',
  'IoU, counted',
  'HD95, px',
  'ASSD, px',
  'Detected, %',
];

export const MEASURES: readonly string[] = [...CLASS_MEASURES, 'Spread of seeds'];

/** How the figures were made: sentences. */
export function explanation(grid: Grid): string {
  const first: MethodName = grid.methods[0]!;
  return `Dice and IoU in percent, with 95 % bootstrap intervals over images; all seeds of an image stay together. Skipped: classes that the ground truth of an image does not show do not count there. Counted: predicted pixels of such a class score 0. Differences are to ${first.title}, by the paired bootstrap over the same images and seeds; p values are not corrected for the number of comparisons. Detected: structures found with an IoU of at least a half.`;
}
