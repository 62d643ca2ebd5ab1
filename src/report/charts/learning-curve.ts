/** @file Scores over the number of labelled images, a line for each method in the band of its interval. */
import type { Interval } from '../../evaluate/bootstrap.ts';
import { percent, percentInterval } from '../format.ts';
import { html, type Markup } from '../markup.ts';
import { type ChartSize, chartFrame, SERIES_COLOURS } from './frame.ts';
import { linearScale, niceDomain, px, textWidth, ticks } from './scale.ts';

export interface LearningCurve {
  readonly name: string;
  /** At least one point, labels ascending; scores in [0, 1]. */
  readonly points: readonly CurvePoint[];
}

export interface CurvePoint {
  readonly labels: number;
  readonly mean: number;
  readonly interval: Interval | null;
}

export interface LearningCurveOptions extends ChartSize {
  readonly title: string;
  /** At least one. */
  readonly curves: readonly LearningCurve[];
}

const LINE = 18;

export function learningCurveChart({ title, curves, width }: LearningCurveOptions): Markup {
  const legend = Math.max(...curves.map(({ name }) => textWidth(name, 12))) + 40;
  const beside = width - legend > 320;
  const plotHeight = Math.min(360, Math.max(220, width * 0.5));
  const box = { left: 40, right: (beside ? width - legend : width) - 12, top: 34, bottom: 34 + plotHeight };
  const points = curves.flatMap((curve) => curve.points);
  const labels = [...new Set(points.map((point) => point.labels))].sort((a, b) => a - b);
  const values = points.flatMap(({ mean, interval }) => [
    mean,
    interval?.low ?? mean,
    interval?.high ?? mean,
  ]);
  const x = linearScale([Math.min(0, ...labels), Math.max(...labels)], [box.left, box.right]);
  const domain = niceDomain([100 * Math.min(...values) - 1, 100 * Math.max(...values) + 1], 6);
  const y = linearScale([Math.max(0, domain[0]), Math.min(100, domain[1])], [box.bottom, box.top]);
  const at = (labelled: number, score: number): string => `${px(x(labelled))},${px(y(100 * score))}`;

  const rows = ticks(y.domain, 6).map(
    (value) =>
      html`<line class="grid" x1="${box.left}" x2="${box.right}" y1="${px(y(value))}" y2="${px(y(value))}"/><text class="muted" x="${box.left - 8}" y="${px(y(value) + 4)}" text-anchor="end">${value}</text>`,
  );
  const columns = labels.map(
    (value) =>
      html`<text class="muted" x="${px(x(value))}" y="${box.bottom + 17}" text-anchor="middle">${value}</text>`,
  );
  const lines = curves.map(({ name, points: own }, k) => {
    const banded = own.flatMap(({ labels: n, interval }) => (interval === null ? [] : [{ n, interval }]));
    const edge = [
      ...banded.map(({ n, interval }) => at(n, interval.high)),
      ...[...banded].reverse().map(({ n, interval }) => at(n, interval.low)),
    ];
    const marks = own.map(
      ({ labels: n, mean, interval }) =>
        html`<circle class="fill halo" cx="${px(x(n))}" cy="${px(y(100 * mean))}" r="4"><title>${name}, ${n} labelled: ${percent(mean)} ${percentInterval(interval)}</title></circle>`,
    );
    const path = own.map(({ labels: n, mean }) => at(n, mean)).join(' ');
    return html`<g class="of-s${k % SERIES_COLOURS}"><polygon class="band" points="${edge.join(' ')}"/><polyline class="line stroke${isDashed(k)}" points="${path}"/>${marks}</g>`;
  });
  const names = curves.map(({ name }, k) => {
    const [left, middle] = beside
      ? [box.right + 16, box.top + 8 + k * LINE]
      : [box.left, box.bottom + 56 + k * LINE];
    return html`<g class="of-s${k % SERIES_COLOURS}"><line class="line stroke${isDashed(k)}" x1="${px(left)}" x2="${px(left + 22)}" y1="${px(middle)}" y2="${px(middle)}"/><text x="${px(left + 28)}" y="${px(middle + 4)}">${name}</text></g>`;
  });
  const ends = curves.map(({ name, points: own }) => {
    const said = own.map(({ labels: n, mean }) => `${percent(mean)} at ${n}`).join(', ');
    return `${name}: ${said}.`;
  });
  const height = beside
    ? Math.max(box.bottom + 38, box.top + 16 + curves.length * LINE)
    : box.bottom + 56 + curves.length * LINE;
  return chartFrame(
    width,
    height,
    `${title}. ${ends.join(' ')}`,
    html`<text x="0" y="14" font-weight="600">${title}</text>${rows}${columns}<text class="muted" x="${px((box.left + box.right) / 2)}" y="${px(box.bottom + 34)}" text-anchor="middle">Labelled images</text>${lines}${names}`,
  );
}

const isDashed = (k: number): string => (k < SERIES_COLOURS ? '' : ' dashed');
