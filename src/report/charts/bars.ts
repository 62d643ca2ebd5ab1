/** @file Score per class: a bar for the later stage, a mark where the earlier one stood. */
import type { Stage } from '../data.ts';
import { percent, STAGE_TITLES, signedPercent } from '../format.ts';
import { html, type Markup } from '../markup.ts';
import { type ChartSize, chartFrame, stageLegend, stageMark } from './frame.ts';
import { fitted, linearScale, px, textWidth, ticks } from './scale.ts';

export interface ClassBar {
  readonly name: string;
  /** Number of images that show the class. */
  readonly count: number;
  /** Scores in [0, 1]; null where no image shows the class. */
  readonly bar: number | null;
  readonly mark?: number | null;
}

export interface BarChartOptions extends ChartSize {
  readonly title: string;
  readonly bars: readonly ClassBar[];
  readonly barStage: Stage;
  /** Absent when there is only one stage to show. */
  readonly markStage?: Stage;
}

const ROW = 22;
const LABEL = 'images';

export function classBarChart(options: BarChartOptions): Markup {
  const { bars, barStage, markStage, title, width } = options;
  const narrow = width < 500;
  const nameWidth = Math.min(
    narrow ? 84 : 170,
    Math.max(...bars.map((bar) => textWidth(bar.name, 12)), 20) + 8,
  );
  const countWidth = 42;
  const box = {
    left: nameWidth + countWidth + 10,
    right: width - (markStage ? 100 : 46),
    top: 76,
    bottom: 76 + bars.length * ROW,
  };
  const x = linearScale([0, 100], [box.left, box.right]);
  const grid = ticks([0, 100], narrow ? 2 : 5).map(
    (value) =>
      html`<line class="grid" x1="${px(x(value))}" x2="${px(x(value))}" y1="${box.top - 6}" y2="${box.bottom + 2}"/><text class="muted" x="${px(x(value))}" y="${box.bottom + 18}" text-anchor="middle">${value}</text>`,
  );
  const rows = bars.map((bar, i) => {
    const middle = box.top + i * ROW + ROW / 2;
    const name = html`<text x="0" y="${middle + 4}"><title>${bar.name}</title>${fitted(bar.name, 12, nameWidth)}</text><text class="muted" x="${px(nameWidth + countWidth)}" y="${middle + 4}" text-anchor="end">${bar.count}</text>`;
    if (bar.bar === null) {
      return html`<g>${name}<text class="muted" x="${box.left + 4}" y="${middle + 4}">in no image</text></g>`;
    }
    const length = Math.max(0, x(100 * bar.bar) - box.left);
    const before = bar.mark ?? undefined;
    const change =
      before === undefined
        ? undefined
        : html`<text class="muted" x="${width}" y="${middle + 4}" text-anchor="end">${signedPercent(bar.bar - before)}</text>`;
    return html`<g>${name}<rect class="fill of-${barStage}" x="${px(box.left)}" y="${middle - 6}" width="${px(length)}" height="12" rx="1.5"/>${
      before === undefined || markStage === undefined
        ? undefined
        : stageMark(markStage, x(100 * before), middle, 4.5)
    }<text x="${box.right + 40}" y="${middle + 4}" text-anchor="end">${percent(bar.bar)}</text>${change}</g>`;
  });
  const stages = markStage === undefined ? [barStage] : [markStage, barStage];
  const label = `${title}. ${bars
    .map(
      (bar) =>
        `${bar.name}: ${percent(bar.bar)}${bar.mark === undefined ? '' : ` after ${percent(bar.mark)}`}`,
    )
    .join(', ')}.`;
  return chartFrame(
    width,
    box.bottom + 26,
    label,
    html`<text x="0" y="14" font-weight="600">${title}</text>${stageLegend(stages, 0, 36)}<text class="muted" x="${px(nameWidth + countWidth)}" y="${box.top - 10}" text-anchor="end">${LABEL}</text><text class="muted" x="${box.right + 40}" y="${box.top - 10}" text-anchor="end">${STAGE_TITLES[barStage].split(' ')[0]!}</text>${
      markStage
        ? html`<text class="muted" x="${width}" y="${box.top - 10}" text-anchor="end">change</text>`
        : undefined
    }${grid}${rows}`,
  );
}
