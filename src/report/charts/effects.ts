/** @file Differences of scores with their intervals around zero, a row each, in groups. */
import type { Interval } from '../../evaluate/bootstrap.ts';
import { signedPercent } from '../format.ts';
import { html, type Markup } from '../markup.ts';
import { type ChartSize, chartFrame } from './frame.ts';
import { fitted, linearScale, niceDomain, px, textWidth, ticks } from './scale.ts';

export interface EffectGroup {
  readonly name: string;
  readonly rows: readonly EffectRow[];
}

export interface EffectRow {
  readonly name: string;
  /** Scores in [-1, 1]. */
  readonly difference: number;
  readonly interval: Interval | null;
}

export interface EffectChartOptions extends ChartSize {
  readonly title: string;
  readonly groups: readonly EffectGroup[];
}

const ROW = 20;

export function effectChart({ title, groups, width }: EffectChartOptions): Markup {
  const rows = groups.flatMap((group) => group.rows);
  const values = rows.flatMap(({ difference, interval }) => [
    difference,
    interval?.low ?? difference,
    interval?.high ?? difference,
  ]);
  const names = Math.min(170, Math.max(...rows.map(({ name }) => textWidth(name, 12)), 40) + 12);
  const domain = niceDomain([100 * Math.min(0, ...values) - 0.1, 100 * Math.max(0, ...values) + 0.1], 6);
  const x = linearScale(domain, [names, width - 60]);
  let y = 44;
  const marks: Markup[] = [];
  for (const group of groups) {
    marks.push(html`<text x="0" y="${y}" font-weight="600">${fitted(group.name, 12, width)}</text>`);
    y += 6;
    for (const { name, difference, interval } of group.rows) {
      const middle = y + ROW / 2;
      const whisker = interval
        ? html`<line class="whisker stroke of-s0" x1="${px(x(100 * interval.low))}" x2="${px(x(100 * interval.high))}" y1="${middle}" y2="${middle}"/>`
        : undefined;
      marks.push(
        html`<text x="0" y="${middle + 4}">${fitted(name, 12, names)}</text>${whisker}<circle class="fill halo of-s0" cx="${px(x(100 * difference))}" cy="${middle}" r="5"/><text class="muted" x="${width}" y="${middle + 4}" text-anchor="end">${signedPercent(difference)}</text>`,
      );
      y += ROW;
    }
    y += 22;
  }
  const bottom = y - 16;
  const grid = ticks(domain, 6).map(
    (value) =>
      html`<line class="${value === 0 ? 'cut' : 'grid'}" x1="${px(x(value))}" x2="${px(x(value))}" y1="30" y2="${bottom}"/><text class="muted" x="${px(x(value))}" y="${bottom + 16}" text-anchor="middle">${value}</text>`,
  );
  const label = `${title}. ${groups
    .map(
      ({ name, rows: own }) =>
        `${name}: ${own.map((row) => `${row.name} ${signedPercent(row.difference)}`).join(', ')}`,
    )
    .join('. ')}.`;
  return chartFrame(
    width,
    bottom + 22,
    label,
    html`<text x="0" y="14" font-weight="600">${title}</text>${grid}${marks}`,
  );
}
