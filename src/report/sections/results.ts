/** @file The headline table, per split and stage, and its chart. */
import type { OverallFigure } from '../../evaluate/evaluation.ts';
import { type IntervalGroup, intervalChart } from '../charts/intervals.ts';
import type { ReportData, StageResult } from '../data.ts';
import { splitsOf } from '../findings.ts';
import { counted, levelTitle, percent, percentInterval, STAGE_TITLES } from '../format.ts';
import type { Markup } from '../markup.ts';
import { html } from '../markup.ts';
import { bothWidths } from './wide-and-narrow.ts';

export function resultsSection(data: ReportData): Markup {
  const splits = splitsOf(data);
  if (splits.length === 0) {
    return html`<section id="results"><h2>Results</h2><p>No split with a ground truth was scored, so there are no figures. Name a <code>val</code> or <code>test</code> split to get them.</p></section>`;
  }
  const { method } = data.results[0]!.evaluation;
  return html`<section id="results"><h2>Results</h2>
<p>Dice in percent, averaged over every class of every image, ${data.measured ?? 'at the images’ own resolution'}.</p>
<div class="full">${bothWidths((width) => resultsChart(data, width), 960, 340)}</div>
${splits.map((split) =>
  splitTable(
    split,
    data.results.filter((result) => result.split === split),
  ),
)}
<p class="note" style="margin-top:14px"><b>Skipped</b>: a class that the ground truth of an image does not show does not count there, whatever was predicted; this is the usual rule. <b>Counted</b>: predicted pixels of such a class score 0. A class that is shown and not found scores 0 under both. Small figures are ${levelTitle(method)} intervals: whole images drawn with replacement, ${method.resamples} times. <b>Per image</b> is the mean over the images of each image’s own mean, with the standard deviation.${
    data.results.some((result) => result.evaluation.surface !== undefined)
      ? html` <b>HD95</b> is the 95th percentile of the distance between the outlines, over structures that both the ground truth and the masks show.`
      : undefined
  }</p></section>`;
}

/** Dice of all stages with intervals, the splits as groups; undefined where nothing counts. */
export function resultsChart(data: ReportData, width: number): Markup | undefined {
  const groups = splitsOf(data).flatMap((split): IntervalGroup[] => {
    const results = data.results.filter((result) => result.split === split);
    const rows = results.flatMap(({ stage, evaluation }) => {
      const { mean, interval } = evaluation.overall.dice.present;
      return mean === null ? [] : [{ stage, mean, interval }];
    });
    const images = counted(results[0]!.evaluation.images.length, 'image');
    return rows.length === 0 ? [] : [{ name: `${split} (${images})`, rows }];
  });
  if (groups.length === 0) return undefined;
  return intervalChart({ groups, title: 'Dice (%), absent classes skipped', width });
}

function splitTable(split: string, results: readonly StageResult[]): Markup {
  const images = counted(results[0]!.evaluation.images.length, 'image');
  const hasSurface = results.some((result) => result.evaluation.surface !== undefined);
  const unit = results.find((result) => result.evaluation.surface)?.evaluation.surface?.unit;
  return html`<div class="scroll" role="region" tabindex="0" aria-label="Results on ${split}" style="margin-top:28px"><table data-split="${split}">
<caption>${split}, ${images}</caption>
<thead><tr><th scope="col"><span class="hidden">Masks</span></th><th scope="col">Dice<br>skipped</th><th scope="col">Dice<br>counted</th><th scope="col">IoU<br>skipped</th><th scope="col">IoU<br>counted</th><th scope="col">Dice<br>per image</th>${
    hasSurface ? html`<th scope="col">HD95<br>${unit}</th><th scope="col">ASSD<br>${unit}</th>` : undefined
  }</tr></thead>
<tbody>${results.map((result) => stageRow(result, hasSurface))}</tbody></table></div>`;
}

function stageRow({ stage, evaluation }: StageResult, hasSurface: boolean): Markup {
  const { dice, iou } = evaluation.overall;
  const perImage =
    dice.present.perImageMean === null
      ? '–'
      : html`${percent(dice.present.perImageMean)}<small>± ${percent(dice.present.perImageStd)}</small>`;
  const { surface } = evaluation;
  return html`<tr data-stage="${stage}"><th scope="row"><span class="dot of-${stage}"></span>${STAGE_TITLES[stage]}</th><td>${cell(dice.present)}</td><td>${cell(dice.counted)}</td><td>${cell(iou.present)}</td><td>${cell(iou.counted)}</td><td>${perImage}</td>${
    hasSurface
      ? html`<td>${surface?.hd95.mean?.toFixed(1) ?? '–'}</td><td>${surface?.assd.mean?.toFixed(2) ?? '–'}</td>`
      : undefined
  }</tr>`;
}

function cell(figure: OverallFigure): Markup {
  return html`${percent(figure.mean)}<small>${percentInterval(figure.interval)}</small>`;
}
