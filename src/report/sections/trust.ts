/** @file How far refined masks can be trusted, and how far that trust can. */
import type { Evidence } from '../../refine/evidence.ts';
import { histogram } from '../charts/histogram.ts';
import { reliabilityChart } from '../charts/reliability.ts';
import type { TrustMeasure, TrustReport } from '../data.ts';
import { counted, decimals, percent } from '../format.ts';
import { html, type Markup } from '../markup.ts';
import { bothWidths } from './wide-and-narrow.ts';

const EVIDENCE_TITLES: Readonly<Record<keyof Evidence, string>> = {
  confidence: 'Confidence of the network in the mask',
  imageConfidence: 'Its confidence in all masks of the image',
  componentShare: 'Share of the kept component',
  margin: 'Lead over the next class',
  agreement: 'Agreement of refined and initial mask',
  stability: 'Stability when the prompt is disturbed',
  thresholdStability: 'Stability when the threshold is moved',
  candidateAgreement: 'Agreement of the candidates',
  predictedIou: 'Predicted IoU',
  overlap: 'Overlap with other classes',
  frequency: 'How often the class is shown',
  areaDeviation: 'Unusual size',
  placeDeviation: 'Unusual place',
  rivalry: 'Nearness to the place of another class',
};

/** Shares of the pool are told for these. */
const LEVELS = [0.9, 0.8, 0.5];

/** What trust is and how it was made, in a sentence or two. */
export function trustLead({ calibration, reason }: TrustReport): string {
  const what = 'Trust is the Dice that a refined mask is expected to have, from evidence alone.';
  return calibration === undefined
    ? `${what} It is not calibrated here${reason === undefined ? '' : `, because ${reason}`}: higher means better, but the figures are no Dice.`
    : `${what} It was calibrated on ${counted(calibration.masks, 'mask')} of ${counted(calibration.images, 'labelled image')}, made by networks that had not seen those images. A structure that the ground truth does not show has a Dice of 0.`;
}

export function trustSection(trust: TrustReport): Markup {
  const charts = [
    ...reliabilityCharts(trust, 520).map(({ split }) =>
      bothWidths(
        (width) => reliabilityCharts(trust, width).find((shown) => shown.split === split)?.chart,
        520,
        340,
      ),
    ),
    ...(trust.pool.length === 0 ? [] : [bothWidths((width) => poolChart(trust, width), 520, 340)]),
  ];
  return html`<section id="trust"><h2>Trust</h2><p>${trustLead(trust)}</p>${measureTable(trust.measured)}${poolShares(trust.pool)}
<div class="charts">${charts.map((chart) => html`<div>${chart}</div>`)}</div>
${leastTable(trust)}${weightsTable(trust)}</section>`;
}

/** A chart per split with masks to compare. */
export function reliabilityCharts(
  trust: TrustReport | undefined,
  width: number,
): { readonly split: string; readonly chart: Markup }[] {
  return (trust?.measured ?? []).flatMap(({ split, reliability }) =>
    reliability.masks === 0
      ? []
      : [{ split, chart: reliabilityChart({ title: titleOf(split), reliability, width }) }],
  );
}

/** undefined where no mask of the pool has trust. */
export function poolChart(trust: TrustReport | undefined, width: number): Markup | undefined {
  if (trust === undefined || trust.pool.length === 0) return undefined;
  return histogram({ title: 'Trust of the masks of unlabelled images', scores: trust.pool, width });
}

const titleOf = (split: string): string =>
  split === 'labelled' ? 'Labelled images, each held out' : `On ${split}`;

function measureTable(measured: readonly TrustMeasure[]): Markup | undefined {
  if (measured.length === 0) return undefined;
  return html`<div class="scroll" role="region" tabindex="0" aria-label="Trust and true Dice"><table class="trust">
<thead><tr><th scope="col"><span class="hidden">Images</span></th><th scope="col">Masks</th><th scope="col">Spearman</th><th scope="col">Calibration<br>error</th><th scope="col">Mean<br>trust, %</th><th scope="col">Mean<br>Dice, %</th></tr></thead>
<tbody>${measured.map(
    ({ split, reliability: figures }) =>
      html`<tr><th scope="row">${titleOf(split)}</th><td>${figures.masks}</td><td>${decimals(figures.spearman, 2)}</td><td>${decimals(figures.calibrationError, 3)}</td><td>${percent(figures.meanTrust)}</td><td>${percent(figures.meanDice)}</td></tr>`,
  )}</tbody></table></div>
<p class="note" style="margin-top:14px"><b>Spearman</b>: rank correlation of trust and true Dice, 1 where trust puts the masks in the right order. <b>Calibration error</b>: mean distance of trust and Dice over ten bins of trust, weighted by their masks.</p>`;
}

function poolShares(pool: readonly number[]): Markup | undefined {
  if (pool.length === 0) return undefined;
  const shares = LEVELS.map((level) => {
    const above = pool.filter((trust) => trust >= level).length;
    return html`<div><dt>trust from ${level}</dt><dd>${Math.round((100 * above) / pool.length)} %</dd></div>`;
  });
  return html`<dl class="facts"><div><dt>masks of unlabelled images</dt><dd>${pool.length}</dd></div>${shares}</dl>`;
}

function leastTable({ least }: TrustReport): Markup | undefined {
  if (least.length === 0) return undefined;
  return html`<details><summary>The least trusted masks of unlabelled images</summary><div class="scroll" role="region" tabindex="0" aria-label="Least trusted masks"><table>
<thead><tr><th scope="col">Image</th><th scope="col">Class</th><th scope="col">Trust, %</th></tr></thead>
<tbody>${least.map(
    ({ fileName, className, trust }) =>
      html`<tr><th scope="row">${fileName}</th><td>${className}</td><td>${percent(trust)}</td></tr>`,
  )}</tbody></table></div></details>`;
}

function weightsTable({ calibration }: TrustReport): Markup | undefined {
  if (calibration === undefined) return undefined;
  const sorted = [...calibration.weights].sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
  return html`<details><summary>What trust is made of</summary><div class="scroll" role="region" tabindex="0" aria-label="Weights of the evidence"><table>
<thead><tr><th scope="col">Evidence</th><th scope="col">Weight, log odds of Dice per standard deviation</th></tr></thead>
<tbody>${sorted.map(
    ({ name, weight }) =>
      html`<tr><th scope="row">${EVIDENCE_TITLES[name]}</th><td>${weight > 0 ? '+' : ''}${decimals(weight, 2)}</td></tr>`,
  )}</tbody></table></div></details>`;
}
