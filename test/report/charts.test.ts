import { describe, expect, it } from 'vitest';
import { classBarChart } from '../../src/report/charts/bars.ts';
import { standaloneSvg } from '../../src/report/charts/frame.ts';
import { histogram, histogramCounts } from '../../src/report/charts/histogram.ts';
import { intervalChart } from '../../src/report/charts/intervals.ts';
import { lineChart } from '../../src/report/charts/lines.ts';
import { reliabilityChart } from '../../src/report/charts/reliability.ts';
import { fitted, linearScale, niceDomain, ticks } from '../../src/report/charts/scale.ts';
import { reliabilityOf } from '../../src/trust/reliability.ts';

describe('scales', () => {
  it('map linearly, also downwards, and stay finite on an empty domain', () => {
    expect(linearScale([0, 10], [100, 0])(2.5)).toBe(75);
    expect(linearScale([3, 3], [7, 90])(3)).toBe(7);
  });

  it('choose round ticks inside the domain', () => {
    expect(ticks([0, 1], 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(ticks([71.3, 93.4], 5)).toEqual([75, 80, 85, 90]);
    expect(ticks([4, 4], 5)).toEqual([4]);
    expect(niceDomain([71.3, 93.4], 5)).toEqual([70, 95]);
  });

  it('cut long text', () => {
    expect(fitted('radius', 12, 100)).toBe('radius');
    expect(fitted('a very long class name', 12, 70)).toBe('a very lo…');
  });
});

describe('charts', () => {
  it('draw a line per network through its points', () => {
    const chart = lineChart({
      title: 'Loss',
      xTitle: 'Epochs',
      width: 400,
      lines: [
        {
          stage: 'initial',
          points: [
            [0, 0],
            [10, 2],
          ],
        },
        {
          stage: 'final',
          points: [
            [0, 1],
            [10, 2],
          ],
        },
      ],
    }).markup;
    expect(chart).toContain('points="40,182 354,52"');
    expect(chart).toContain('points="40,117 354,52"');
    expect(chart).toContain(
      'aria-label="Loss over epochs. Initial network: ends at 2.00. Final network: ends at 2.00."',
    );
    const labels = [...chart.matchAll(/y="([\d.]+)">2\.00</g)].map((match) => Number(match[1]));
    expect(Math.abs(labels[0]! - labels[1]!)).toBeGreaterThanOrEqual(14);
  });

  it('draw bars as long as their score', () => {
    const chart = classBarChart({
      title: 'Dice',
      width: 600,
      barStage: 'final',
      markStage: 'initial',
      bars: [
        { name: 'radius', count: 4, bar: 1, mark: 0.5 },
        { name: 'ulna', count: 2, bar: 0.5, mark: 0.75 },
        { name: 'lunate', count: 0, bar: null, mark: null },
      ],
    }).markup;
    const bars = [...chart.matchAll(/<rect class="fill of-final"[^>]*width="([\d.]+)" height="12"/g)].map(
      (m) => Number(m[1]),
    );
    expect(bars).toHaveLength(2);
    expect(bars[1]! / bars[0]!).toBeCloseTo(0.5, 2);
    expect(chart).toContain('−25.0');
    expect(chart).toContain('in no image');
  });

  it('draw whiskers around means', () => {
    const chart = intervalChart({
      title: 'Dice',
      width: 900,
      groups: [{ name: 'test', rows: [{ stage: 'final', mean: 0.8, interval: { low: 0.75, high: 0.85 } }] }],
    }).markup;
    expect(chart).toMatch(/aria-label="Dice\. test, Final network: 80\.0 \(75\.0–85\.0\)\."/);
    const [, x1, x2] = chart.match(/whisker stroke of-final" x1="([\d.]+)" x2="([\d.]+)"/)!;
    expect(Number(x2)).toBeGreaterThan(Number(x1));
  });

  it('draw a mark per bin of trust, at its mean trust and Dice, as large as its share of the masks', () => {
    const reliability = reliabilityOf([
      ...Array.from({ length: 4 }, () => ({ trust: 0.95, dice: 0.75 })),
      { trust: 0.25, dice: 0.5 },
    ]);
    const chart = reliabilityChart({ title: 'On test', reliability, width: 356 }).markup;
    // 300 px wide from 44, and 260 px high down to 314.
    const marks = [...chart.matchAll(/<circle[^>]*cx="([\d.]+)" cy="([\d.]+)" r="([\d.]+)"/g)].map((m) =>
      m.slice(1).map(Number),
    );
    expect(marks).toEqual([
      [119, 184, 5.5],
      [329, 119, 8],
    ]);
    expect(chart).toContain(
      'aria-label="On test: Spearman 1.00, calibration error 0.210, 5 masks. Trust 0.25: Dice 0.50. Trust 0.95: Dice 0.75."',
    );
  });

  it('count scores into bins, 0 and 1 included', () => {
    const counts = histogramCounts([0, 0.049, 0.05, 0.999, 1]);
    expect([counts[0], counts[1], counts[19]]).toEqual([2, 1, 2]);
    expect(counts).toHaveLength(20);
    expect(histogram({ title: 'Score', scores: [0.2, 0.4, 0.9], width: 400 }).markup).toContain(
      'median 0.40 of 3 masks',
    );
  });

  it('stand alone as SVG files with their own style', () => {
    const svg = standaloneSvg(histogram({ title: 'A > B', scores: [0.2], width: 400 }));
    expect(svg).toMatch(
      /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[^>]*aria-label="A &gt; B[^>]*><style>/,
    );
    expect(svg).toContain('viewBox="-16 -16 432 242" width="432" height="242"');
  });
});
