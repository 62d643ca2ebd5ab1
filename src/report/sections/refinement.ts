/** @file How sure the refiner was of its masks. */
import { histogram } from '../charts/histogram.ts';
import type { ReportData } from '../data.ts';
import { counted } from '../format.ts';
import { html, type Markup } from '../markup.ts';
import { bothWidths } from './wide-and-narrow.ts';

export function refinementSection(data: ReportData): Markup {
  const scores = data.refinedScores;
  if (scores === undefined || scores.scores.length === 0) {
    return html`<section id="refinement"><h2>Refined masks</h2><p>No mask was refined with a score in this run.</p></section>`;
  }
  const left = scores.scores.filter((score) => score < (scores.threshold ?? 0)).length;
  const cut =
    scores.threshold === undefined
      ? ''
      : ` ${counted(left, 'mask')} below ${scores.threshold} ${left === 1 ? 'was' : 'were'} not used for training.`;
  return html`<section id="refinement"><h2>Refined masks</h2><p>The refiner’s own estimate for each mask, not a comparison with a ground truth.${cut}</p>${bothWidths((width) => scoresChart(data, width), 620, 340)}</section>`;
}

/** undefined where nothing was refined with a score. */
export function scoresChart(data: ReportData, width: number): Markup | undefined {
  const scores = data.refinedScores;
  if (scores === undefined || scores.scores.length === 0) return undefined;
  return histogram({
    title: scores.label,
    scores: scores.scores,
    ...(scores.threshold !== undefined && { threshold: scores.threshold }),
    width,
  });
}
