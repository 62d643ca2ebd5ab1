/** @file The learning curve of a split: mean Dice over the number of labelled images. */
import { type LearningCurve, learningCurveChart } from '../../report/charts/learning-curve.ts';
import type { Markup } from '../../report/markup.ts';
import type { SplitFigures, Table } from '../table.ts';

export function curveOf({ grid }: Table, { split, images, rows }: SplitFigures, width: number): Markup {
  const curves = grid.methods.flatMap(({ name, title }): LearningCurve[] => {
    const points = rows.flatMap(({ method, labelled, dice: { present } }) =>
      method === name && present.mean !== null
        ? [{ labels: labelled, mean: present.mean, interval: present.interval }]
        : [],
    );
    return points.length === 0 ? [] : [{ name: title, points: points.sort((a, b) => a.labels - b.labels) }];
  });
  return learningCurveChart({
    title: `Dice on ${images} ${split} images, 95 % interval`,
    curves,
    width,
  });
}
