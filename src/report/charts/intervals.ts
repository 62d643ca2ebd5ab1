/** @file Scores with their bootstrap intervals, a row each, grouped by split. */
import type { Interval } from '../../evaluate/bootstrap.ts';
import type { Stage } from '../data.ts';
import { percent, percentInterval, STAGE_TITLES } from '../format.ts';
import { html, type Markup } from '../markup.ts';
import { type ChartSize, chartFrame, stageMark } from './frame.ts';
import { fitted, linearScale, niceDomain, px, ticks } from './scale.ts';

export interface IntervalRow {
  readonly stage: Stage;
  /** Score and interval in [0, 1]. */
  readonly mean: number;
  readonly interval: Interval | null;
}

export interface IntervalGroup {
  readonly name: string;
  readonly rows: readonly IntervalRow[];
}

export interface IntervalChartOptions extends ChartSize {
  readonly groups: readonly IntervalGroup[];
  readonly title: string;
}

const ROW = 30;

export function intervalChart({ groups, title, width }: IntervalChartOptions): Markup {
  const rows = groups.flatMap((group) => group.rows);
  const values = rows.flatMap((row) => [
    row.mean,
    row.interval?.low ?? row.mean,
    row.interval?.high ?? row.mean,
  ]);
  const domain = niceDomain([100 * Math.min(...values) - 1, 100 * Math.max(...values) + 1], 5);
  const narrow = width < 500;
  const box = { left: narrow ? 104 : 150, right: width - (narrow ? 50 : 150) };
  const x = linearScale([Math.max(0, domain[0]), Math.min(100, domain[1])], [box.left, box.right]);

  let y = 44;
  const marks: Markup[] = [];
  for (const group of groups) {
    marks.push(html`<text x="0" y="${y}" font-weight="600">${fitted(group.name, 12, width)}</text>`);
    y += 8;
    for (const row of group.rows) {
      const middle = y + ROW / 2;
      const at = x(100 * row.mean);
      const whisker = row.interval
        ? html`<line class="whisker stroke of-${row.stage}" x1="${px(x(100 * row.interval.low))}" x2="${px(x(100 * row.interval.high))}" y1="${middle}" y2="${middle}"/>`
        : undefined;
      const figure = narrow
        ? html`<tspan font-weight="600">${percent(row.mean)}</tspan>`
        : html`<tspan font-weight="600">${percent(row.mean)}</tspan><tspan class="muted" dx="8">${percentInterval(row.interval)}</tspan>`;
      marks.push(
        html`<text x="0" y="${middle + 4}">${STAGE_TITLES[row.stage]}</text>${whisker}${stageMark(row.stage, at, middle, 6)}<text x="${box.right + 14}" y="${middle + 4}">${figure}</text>`,
      );
      y += ROW;
    }
    y += 24;
  }
  const bottom = y - 22;
  const grid = ticks(x.domain, narrow ? 3 : 6).map(
    (value) =>
      html`<line class="grid" x1="${px(x(value))}" x2="${px(x(value))}" y1="30" y2="${bottom}"/><text class="muted" x="${px(x(value))}" y="${bottom + 16}" text-anchor="middle">${value}</text>`,
  );
  const label = `${title}. ${groups
    .flatMap((group) =>
      group.rows.map(
        (row) =>
          `${group.name}, ${STAGE_TITLES[row.stage]}: ${percent(row.mean)} (${percentInterval(row.interval)})`,
      ),
    )
    .join('. ')}.`;
  return chartFrame(
    width,
    bottom + 22,
    label,
    html`<text x="0" y="14" font-weight="600">${title}</text>${grid}${marks}`,
  );
}
