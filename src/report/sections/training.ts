/** @file Training curves: loss and Dice on val, over epochs or minutes. */
import { type Line, lineChart } from '../charts/lines.ts';
import type { CurvePoint, ReportData } from '../data.ts';
import { duration, STAGE_TITLES } from '../format.ts';
import { html, type Markup } from '../markup.ts';
import { bothWidths } from './wide-and-narrow.ts';

/** What the horizontal axis counts. */
export type CurveAxis = 'epoch' | 'minutes';

const AXIS_TITLES: Readonly<Record<CurveAxis, string>> = { epoch: 'Epochs', minutes: 'Minutes' };

export function trainingSection(data: ReportData): Markup {
  const trained = data.curves.filter((curve) => curve.points.length > 0);
  if (trained.length === 0) {
    return html`<section id="training"><h2>Training</h2><p>This run holds no training log, so there are no curves.</p></section>`;
  }
  const summary = trained.map((curve) => {
    const last = curve.points.at(-1)!;
    return `${STAGE_TITLES[curve.stage]}: ${last.epoch} epochs in ${duration(last.minutes)}`;
  });
  return html`<section id="training"><h2>Training</h2><p>${summary.join('. ')}.</p>
<div class="switch"><label><input type="checkbox" id="by-minutes"> over minutes instead of epochs</label></div>
${(['epoch', 'minutes'] as const).map(
  (axis) =>
    html`<div class="by-${axis} charts">${[lossChart, diceChart].map((chart) => {
      if (chart(data, axis, 340) === undefined) return undefined;
      return html`<div>${bothWidths((width) => chart(data, axis, width), 520, 340)}</div>`;
    })}</div>`,
)}</section>`;
}

/** undefined where there is no training log. */
export function lossChart(data: ReportData, axis: CurveAxis, width: number): Markup | undefined {
  return curveChart(data, axis, width, 'Training loss', (point) => point.loss);
}

/** undefined where Dice was never measured during training. */
export function diceChart(data: ReportData, axis: CurveAxis, width: number): Markup | undefined {
  return curveChart(data, axis, width, 'Dice on val (%)', (point) =>
    point.valDice === undefined ? undefined : 100 * point.valDice,
  );
}

function curveChart(
  data: ReportData,
  axis: CurveAxis,
  width: number,
  title: string,
  measure: (point: CurvePoint) => number | undefined,
): Markup | undefined {
  const lines = data.curves.flatMap(({ stage, points }): Line[] => {
    const shown = points.flatMap((point) => {
      const value = measure(point);
      return value === undefined || !Number.isFinite(value) ? [] : [[point[axis], value] as const];
    });
    return shown.length === 0 ? [] : [{ stage, points: shown }];
  });
  if (lines.length === 0) return undefined;
  return lineChart({ lines, title, xTitle: AXIS_TITLES[axis], width });
}
