/** @file Reliability: true Dice over trust, a mark per bin, beside the diagonal where they would be equal. */
import type { Reliability } from '../../trust/reliability.ts';
import { counted, decimals } from '../format.ts';
import { html, type Markup } from '../markup.ts';
import { type ChartSize, chartFrame } from './frame.ts';
import { linearScale, px, ticks } from './scale.ts';

export interface ReliabilityChartOptions extends ChartSize {
  readonly title: string;
  /** At least one mask. */
  readonly reliability: Reliability;
}

/** Height of the strip of counts below the plot. */
const STRIP = 34;

export function reliabilityChart({ title, reliability, width }: ReliabilityChartOptions): Markup {
  const { bins, masks, spearman, calibrationError } = reliability;
  const box = { left: 44, right: width - 12, top: 54, bottom: 54 + Math.min(width - 56, 260) };
  const strip = { top: box.bottom + 16, bottom: box.bottom + 16 + STRIP };
  const x = linearScale([0, 1], [box.left, box.right]);
  const y = linearScale([0, 1], [box.bottom, box.top]);
  const most = Math.max(...bins.map(({ count }) => count));
  const steps = ticks([0, 1], 5);
  const rows = steps.map(
    (value) =>
      html`<line class="grid" x1="${box.left}" x2="${box.right}" y1="${px(y(value))}" y2="${px(y(value))}"/><text class="muted" x="${box.left - 8}" y="${px(y(value) + 4)}" text-anchor="end">${value}</text>`,
  );
  const columns = steps.map(
    (value) =>
      html`<line class="grid" x1="${px(x(value))}" x2="${px(x(value))}" y1="${box.top}" y2="${box.bottom}"/><text class="muted" x="${px(x(value))}" y="${strip.bottom + 17}" text-anchor="middle">${value}</text>`,
  );
  const counts = bins.map(({ low, high, count }) => {
    const [left, right] = [x(low) + 1, x(high) - 1];
    // One mask among thousands is still to be seen.
    const height = Math.max(1, ((STRIP - 12) * count) / most);
    return html`<rect class="fill of-refined pale" x="${px(left)}" y="${px(strip.bottom - height)}" width="${px(right - left)}" height="${px(height)}"/><text class="muted" x="${px((left + right) / 2)}" y="${px(strip.bottom - height - 3)}" text-anchor="middle" font-size="10">${count}</text>`;
  });
  const path = bins.map(({ meanTrust, meanDice }) => `${px(x(meanTrust))},${px(y(meanDice))}`).join(' ');
  const marks = bins.map(({ low, high, count, meanTrust, meanDice }) => {
    const [cx, cy] = [px(x(meanTrust)), px(y(meanDice))];
    const radius = px(3 + 5 * Math.sqrt(count / most));
    return html`<g><line class="gap stroke of-refined" x1="${cx}" x2="${cx}" y1="${px(y(meanTrust))}" y2="${cy}"/><circle class="fill halo of-refined" cx="${cx}" cy="${cy}" r="${radius}"/><title>Trust ${low.toFixed(1)} to ${high.toFixed(1)}: ${counted(count, 'mask')}, mean trust ${meanTrust.toFixed(2)}, mean Dice ${meanDice.toFixed(2)}</title></g>`;
  });
  const summary = `Spearman ${decimals(spearman, 2)}, calibration error ${decimals(calibrationError, 3)}, ${counted(masks, 'mask')}`;
  return chartFrame(
    width,
    strip.bottom + 36,
    `${title}: ${summary}. ${bins.map((bin) => `Trust ${bin.meanTrust.toFixed(2)}: Dice ${bin.meanDice.toFixed(2)}`).join('. ')}.`,
    html`<text x="0" y="14" font-weight="600">${title}</text><text class="muted" x="0" y="31">${summary}</text>${rows}${columns}<line class="ideal" x1="${box.left}" y1="${box.bottom}" x2="${box.right}" y2="${box.top}"/><polyline class="line stroke of-refined" points="${path}"/>${marks}${counts}<text class="muted" x="${box.left + 6}" y="${box.top + 14}">true Dice</text><text class="muted" x="0" y="${strip.bottom}">masks</text><text class="muted" x="${px((box.left + box.right) / 2)}" y="${strip.bottom + 32}" text-anchor="middle">Trust</text>`,
  );
}
