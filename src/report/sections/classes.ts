/** @file Scores per class: bars and the table behind them. */
import type { SurfaceMeasure } from '../../evaluate/evaluation.ts';
import { classDistance } from '../../evaluate/summary.ts';
import { classBarChart } from '../charts/bars.ts';
import type { ReportData, Stage, StageResult } from '../data.ts';
import { headlineSplit, resultOf } from '../findings.ts';
import { percent, STAGE_TITLES } from '../format.ts';
import { html, type Markup } from '../markup.ts';
import { bothWidths } from './wide-and-narrow.ts';

export function classesSection(data: ReportData): Markup | undefined {
  const shown = comparedResults(data);
  if (shown === undefined) return undefined;
  const before =
    shown.before === undefined
      ? ''
      : ` The mark shows where the ${STAGE_TITLES[shown.before.stage].toLowerCase()} stood.`;
  return html`<section id="classes"><h2>Classes</h2>
<p>Dice per class on ${shown.last.split}, best first, absent classes skipped.${before}</p>
<div class="full">${bothWidths((width) => classesChart(data, width), 960, 340)}</div>
<details><summary>The same as a table, with detected, missed and invented structures</summary>${classTable(shown.last, shown.before)}</details></section>`;
}

/** undefined where nothing was scored. */
export function classesChart(data: ReportData, width: number): Markup | undefined {
  const shown = comparedResults(data);
  if (shown === undefined) return undefined;
  const { last, before } = shown;
  const bars = last.evaluation.perClass
    .map((figures, i) => ({
      name: figures.name,
      count: figures.presentIn,
      bar: figures.dice.present.mean,
      ...(before && { mark: before.evaluation.perClass[i]!.dice.present.mean }),
    }))
    .sort((a, b) => (b.bar ?? -1) - (a.bar ?? -1));
  return classBarChart({
    title: `Dice (%) per class on ${last.split}`,
    bars,
    barStage: last.stage,
    ...(before && { markStage: before.stage }),
    width,
  });
}

/** The latest stage on the headline split, and the initial network where that is another one. */
function comparedResults(
  data: ReportData,
): { last: StageResult; before: StageResult | undefined } | undefined {
  const split = headlineSplit(data);
  if (split === undefined) return undefined;
  const stages = (['final', 'refined', 'initial'] as const satisfies readonly Stage[]).flatMap(
    (stage) => resultOf(data, split, stage) ?? [],
  );
  const last = stages[0];
  if (last === undefined || last.evaluation.perClass.length === 0) return undefined;
  const initial = stages.at(-1)!;
  return { last, before: initial.stage === 'initial' && initial !== last ? initial : undefined };
}

function classTable(last: StageResult, before: StageResult | undefined): Markup {
  const { evaluation } = last;
  const { surface, method } = evaluation;
  const distance = (classIndex: number, measure: SurfaceMeasure, digits: number): Markup | undefined =>
    surface && html`<td>${classDistance(evaluation, classIndex, measure).mean?.toFixed(digits) ?? '–'}</td>`;
  return html`<div class="scroll" role="region" tabindex="0" aria-label="Scores per class"><table class="classes">
<thead><tr><th scope="col">Class</th><th scope="col">Shown in</th>${before ? html`<th scope="col">Dice, initial</th>` : undefined}<th scope="col">Dice, ${last.stage}</th><th scope="col">Dice, counted</th><th scope="col">IoU</th><th scope="col">IoU, counted</th>${surface && html`<th scope="col">HD95, ${surface.unit}</th><th scope="col">ASSD, ${surface.unit}</th>`}<th scope="col">Detected, % (IoU from ${method.detectionIou})</th><th scope="col">Missed</th><th scope="col">Invented</th></tr></thead>
<tbody>${evaluation.perClass.map(
    (figures, i) =>
      html`<tr><th scope="row">${figures.name}</th><td>${figures.presentIn}</td>${
        before ? html`<td>${percent(before.evaluation.perClass[i]!.dice.present.mean)}</td>` : undefined
      }<td>${percent(figures.dice.present.mean)}</td><td>${percent(figures.dice.counted.mean)}</td><td>${percent(figures.iou.present.mean)}</td><td>${percent(figures.iou.counted.mean)}</td>${distance(i, 'hd95', 1)}${distance(i, 'assd', 2)}<td>${percent(figures.detectionRate)}</td><td>${figures.missedIn}</td><td>${figures.inventedIn}</td></tr>`,
  )}</tbody></table></div>`;
}
