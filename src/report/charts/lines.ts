/** @file Curves over epochs or minutes, one per network. */
import type { Stage } from '../data.ts';
import { STAGE_TITLES } from '../format.ts';
import { html, type Markup } from '../markup.ts';
import { type ChartSize, chartFrame, stageLegend, stageMark } from './frame.ts';
import { linearScale, niceDomain, px, ticks } from './scale.ts';

export interface Line {
  readonly stage: Stage;
  /** At least one point, x ascending. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface LineChartOptions extends ChartSize {
  readonly lines: readonly Line[];
  readonly title: string;
  readonly xTitle: string;
  /** Default: from 0, or the lowest value below it, to the highest. */
  readonly yDomain?: readonly [low: number, high: number];
}

/** The chart; the last point of each line is marked and labelled with its value. */
export function lineChart({ lines, title, xTitle, width, yDomain }: LineChartOptions): Markup {
  const height = Math.round(Math.min(260, Math.max(200, width * 0.55)));
  const box = { left: 40, right: width - 46, top: 52, bottom: height - 38 };
  const all = lines.flatMap((line) => line.points);
  const ys = all.map((point) => point[1]);
  const x = linearScale(
    [Math.min(0, ...all.map((p) => p[0])), Math.max(...all.map((p) => p[0]))],
    [box.left, box.right],
  );
  const y = linearScale(yDomain ?? niceDomain([Math.min(0, ...ys), Math.max(...ys) || 1], 5), [
    box.bottom,
    box.top,
  ]);

  const rows = ticks(y.domain, 5).map(
    (value) =>
      html`<line class="grid" x1="${box.left}" x2="${box.right}" y1="${px(y(value))}" y2="${px(y(value))}"/><text class="muted" x="${box.left - 8}" y="${px(y(value) + 4)}" text-anchor="end">${value}</text>`,
  );
  const columns = ticks(x.domain, Math.max(3, Math.round(width / 110))).map(
    (value) =>
      html`<text class="muted" x="${px(x(value))}" y="${box.bottom + 17}" text-anchor="middle">${value}</text>`,
  );
  const curves = lines.map(({ stage, points }) => {
    const path = points.map(([px0, py0]) => `${px(x(px0))},${px(y(py0))}`).join(' ');
    return html`<polyline class="line stroke of-${stage}" points="${path}"/>`;
  });
  const ends = separated(
    lines.map(({ stage, points }) => {
      const [lastX, lastY] = points.at(-1)!;
      return { stage, x: x(lastX), y: y(lastY), labelY: y(lastY), text: shortNumber(lastY) };
    }),
  ).map(
    (end) =>
      html`${stageMark(end.stage, end.x, end.y, 4)}<text x="${px(end.x + 9)}" y="${px(end.labelY + 4)}">${end.text}</text>`,
  );
  const label = `${title} over ${xTitle.toLowerCase()}. ${lines
    .map((line) => `${STAGE_TITLES[line.stage]}: ends at ${shortNumber(line.points.at(-1)![1])}`)
    .join('. ')}.`;
  return chartFrame(
    width,
    height,
    label,
    html`<text x="0" y="14" font-weight="600">${title}</text>${stageLegend(
      lines.map((line) => line.stage),
      0,
      36,
    )}${rows}${columns}<text class="muted" x="${px((box.left + box.right) / 2)}" y="${height - 4}" text-anchor="middle">${xTitle}</text>${curves}${ends}`,
  );
}

/** Moves labels that end beside each other apart. */
function separated<T extends { x: number; labelY: number }>(ends: readonly T[]): T[] {
  const sorted = [...ends].sort((a, b) => a.labelY - b.labelY);
  for (let i = 1; i < sorted.length; i++) {
    const [above, below] = [sorted[i - 1]!, sorted[i]!];
    if (Math.abs(above.x - below.x) < 60 && below.labelY - above.labelY < 14)
      below.labelY = above.labelY + 14;
  }
  return sorted;
}

function shortNumber(value: number): string {
  return Math.abs(value) >= 10 ? value.toFixed(1) : value.toPrecision(3);
}
