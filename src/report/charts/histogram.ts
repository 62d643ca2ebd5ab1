/** @file Distribution of scores in [0, 1]. */
import { quantile } from '../../evaluate/bootstrap.ts';
import { counted } from '../format.ts';
import { html, type Markup } from '../markup.ts';
import { type ChartSize, chartFrame } from './frame.ts';
import { linearScale, niceDomain, px, ticks } from './scale.ts';

export interface HistogramOptions extends ChartSize {
  readonly title: string;
  /** Scores in [0, 1], at least one. */
  readonly scores: readonly number[];
  /** Drawn as a dashed line. */
  readonly threshold?: number;
}

const BINS = 20;

/** Number of scores in each of 20 equal bins; the last bin holds 1 too. */
export function histogramCounts(scores: readonly number[]): number[] {
  const bins = new Array<number>(BINS).fill(0);
  for (const score of scores) {
    const bin = Math.floor(Math.min(1, Math.max(0, score)) * BINS);
    bins[Math.min(BINS - 1, bin)]! += 1;
  }
  return bins;
}

export function histogram({ title, scores, threshold, width }: HistogramOptions): Markup {
  const height = 210;
  const box = { left: 44, right: width - 8, top: 44, bottom: height - 34 };
  const bins = histogramCounts(scores);
  const median = quantile(scores, 0.5);
  const x = linearScale([0, 1], [box.left, box.right]);
  const y = linearScale(niceDomain([0, Math.max(...bins)], 3), [box.bottom, box.top]);
  const rows = ticks(y.domain, 3).map(
    (value) =>
      html`<line class="grid" x1="${box.left}" x2="${box.right}" y1="${px(y(value))}" y2="${px(y(value))}"/><text class="muted" x="${box.left - 8}" y="${px(y(value) + 4)}" text-anchor="end">${value}</text>`,
  );
  const columns = ticks([0, 1], 5).map(
    (value) =>
      html`<text class="muted" x="${px(x(value))}" y="${box.bottom + 17}" text-anchor="middle">${value}</text>`,
  );
  const blocks = bins.map((count, i) => {
    const [left, right] = [x(i / BINS) + 1, x((i + 1) / BINS) - 1];
    return html`<rect class="fill of-refined" x="${px(left)}" y="${px(y(count))}" width="${px(right - left)}" height="${px(box.bottom - y(count))}"><title>${(i / BINS).toFixed(2)} to ${((i + 1) / BINS).toFixed(2)}: ${counted(count, 'mask')}</title></rect>`;
  });
  const cut =
    threshold === undefined
      ? undefined
      : html`<line class="cut" x1="${px(x(threshold))}" x2="${px(x(threshold))}" y1="${box.top - 6}" y2="${box.bottom}"/><text x="${px(x(threshold) - 5)}" y="${box.top + 6}" text-anchor="end">used from ${threshold}</text>`;
  const summary = `median ${median.toFixed(2)} of ${counted(scores.length, 'mask')}`;
  return chartFrame(
    width,
    height,
    `${title}: ${summary}, middle half from ${quantile(scores, 0.25).toFixed(2)} to ${quantile(scores, 0.75).toFixed(2)}.`,
    html`<text x="0" y="14" font-weight="600">${title}</text><text class="muted" x="0" y="31">${summary}</text>${rows}${columns}${blocks}${cut}`,
  );
}
