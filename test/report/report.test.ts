import { beforeAll, describe, expect, it } from 'vitest';
import { evaluateSet } from '../../src/evaluate/summary.ts';
import { encodeRle } from '../../src/masks/rle.ts';
import type { ReportData, Stage, StageResult, TrustReport } from '../../src/report/data.ts';
import { findings } from '../../src/report/findings.ts';
import { renderChartFiles, renderResultsMarkdown } from '../../src/report/markdown.ts';
import { renderReport } from '../../src/report/report.ts';
import { reliabilityOf } from '../../src/trust/reliability.ts';
import { reportFixture } from './fixture.ts';

const HOSTILE = '<script>alert("1")</script>';

const empty: ReportData = {
  title: 'empty',
  subtitle: 'nothing yet',
  date: '2 March 2025',
  packmuleVersion: '0.1.0',
  facts: [],
  results: [],
  curves: [],
  gallery: { note: '', cases: [] },
  tables: [],
  warnings: [],
};

/** A result on images of one row of ten pixels, all set; `hits` are the numbers of pixels found in each. */
function resultOf(split: string, stage: Stage, hits: readonly number[], options = {}): StageResult {
  const set = (counts: readonly number[]) => ({
    classes: ['radius'],
    images: counts.map((count, i) => ({
      fileName: `${i}.png`,
      height: 1,
      width: 10,
      structures: [
        {
          classIndex: 0,
          rle: encodeRle({ height: 1, width: 10, data: new Uint8Array(10).fill(1, 0, count) }),
        },
      ],
    })),
  });
  return { split, stage, evaluation: evaluateSet(set(hits.map(() => 10)), set(hits), options) };
}

describe('renderReport', () => {
  let hostile: ReportData;
  beforeAll(async () => {
    const data = await reportFixture({ classes: [HOSTILE, 'b"onload="x', 'c&d'], images: 3, cases: 2 });
    hostile = {
      ...data,
      title: HOSTILE,
      subtitle: HOSTILE,
      date: HOSTILE,
      packmuleVersion: HOSTILE,
      warnings: [HOSTILE],
      facts: [{ name: HOSTILE, value: HOSTILE }],
      tables: [{ title: HOSTILE, rows: [{ name: HOSTILE, value: HOSTILE }] }],
      results: data.results.map((result) => ({ ...result, split: `${result.split}${HOSTILE}` })),
      refinedScores: { label: HOSTILE, scores: [0.5, 0.7] },
      gallery: {
        note: HOSTILE,
        cases: data.gallery.cases.map((shown) => ({
          ...shown,
          fileName: HOSTILE,
          split: HOSTILE,
          picture: `"/>${HOSTILE}`,
        })),
      },
    };
  });

  it('shows hostile names as text, everywhere', () => {
    const page = renderReport(hostile);
    expect(page).not.toContain('alert("1")');
    expect(page).not.toContain('"onload="');
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;');
    for (const { svg } of renderChartFiles(hostile)) expect(svg).not.toContain('<script');
    expect(renderResultsMarkdown(hostile)).not.toMatch(/(?<!\\)<script/);
  });

  it('names nothing outside itself', () => {
    const page = renderReport(hostile).replaceAll('http://www.w3.org/2000/svg', '');
    expect(page).not.toMatch(/https?:\/\/|url\(|@import|src="(?!data:)/);
  });

  it('gives the same bytes for the same data, also after a way through JSON', () => {
    const page = renderReport(hostile);
    expect(renderReport(JSON.parse(JSON.stringify(hostile)))).toBe(page);
  });

  it('says in words what is missing', () => {
    const page = renderReport(empty);
    expect(page).toContain('Nothing was scored');
    expect(page).toContain('No split with a ground truth was scored');
    expect(page).toContain('This run holds no training log');
    expect(page).toContain('No mask was refined with a score');
    expect(page).toContain('No image was kept for the gallery');
    expect(page).toContain('No settings were recorded');
    expect(page).not.toContain('<table');
    expect(page.match(/NaN|undefined|null|Infinity/)).toBeNull();
    expect(renderChartFiles(empty)).toEqual([]);
    expect(renderResultsMarkdown(empty)).not.toMatch(/NaN|undefined|null/);
  });

  it('shows val alone, without refined masks, as far as it goes', () => {
    const page = renderReport({ ...empty, results: [resultOf('val', 'initial', [5, 10])] });
    expect(page).toContain('<b>Dice on val</b>, initial network');
    expect(page).toContain('On val, the initial network reached Dice 83.3');
    expect(page).not.toContain('data-stage="refined"');
    expect(page.match(/NaN|undefined/)).toBeNull();
  });

  it('shows distances of outlines where they were measured, over all and by class', () => {
    const measured = { ...empty, results: [resultOf('test', 'final', [10, 5], { surface: {} })] };
    const page = renderReport(measured);
    expect(page).toContain('<th scope="col">HD95<br>px</th><th scope="col">ASSD<br>px</th>');
    expect(page).toContain('<th scope="col">HD95, px</th><th scope="col">ASSD, px</th>');
    // 1 to 5 px beside ten pixels of no distance; half of that over both images, in either table.
    expect(page.match(/<td>2\.3<\/td><td>0\.50<\/td>/g)).toHaveLength(2);
    expect(renderResultsMarkdown(measured)).toContain('| 2.3 px | 0.50 px |');
    const without = renderReport({ ...empty, results: [resultOf('test', 'final', [10, 5])] });
    expect(without).not.toContain('HD95');
  });

  it('copes with one image, and with classes that no image shows', () => {
    const one = resultOf('test', 'final', [5]);
    const none = evaluateSet(
      { classes: ['radius'], images: [{ fileName: 'a.png', height: 1, width: 1, structures: [] }] },
      { classes: ['radius'], images: [{ fileName: 'a.png', height: 1, width: 1, structures: [] }] },
    );
    expect(renderReport({ ...empty, results: [one] })).toContain('one image only, so no interval');
    const page = renderReport({ ...empty, results: [{ split: 'test', stage: 'final', evaluation: none }] });
    expect(page).toContain('in no image');
    expect(page).toContain('no image shows any of the classes');
    expect(page.match(/NaN|undefined|Infinity/)).toBeNull();
    expect(
      renderResultsMarkdown({ ...empty, results: [{ split: 'test', stage: 'final', evaluation: none }] }),
    ).not.toMatch(/NaN|Infinity/);
  });
});

describe('the section on trust', () => {
  const judged = Array.from({ length: 20 }, (_, i) => ({ trust: 0.5 + i / 50, dice: 0.4 + i / 50 }));
  const measured = [{ split: 'test', reliability: reliabilityOf(judged) }];
  const least = [{ fileName: 'u1.png', className: 'radius', trust: 0.05 }];

  it('tells how trust was made, how it does, and which masks are not to be trusted', () => {
    const trust: TrustReport = {
      calibration: { masks: 90, images: 12, weights: [{ name: 'rivalry', weight: -0.5 }] },
      measured,
      pool: [0.95, 0.85, 0.4, 0.05],
      least,
    };
    const data = { ...empty, trust };
    const page = renderReport(data);
    expect(page).toContain('<a href="#trust">Trust</a>');
    expect(page).toContain('calibrated on 90 masks of 12 labelled images');
    expect(page).toMatch(/On test<\/th><td>20<\/td><td>1\.00<\/td><td>0\.100<\/td><td>69\.0<\/td><td>59\.0</);
    expect(page).toMatch(/trust from 0\.9<\/dt><dd>25 %[\s\S]*0\.8<\/dt><dd>50 %[\s\S]*0\.5<\/dt><dd>50 %/);
    expect(page).toMatch(/u1\.png<\/th><td>radius<\/td><td>5\.0/);
    expect(page).toMatch(/Nearness to the place of another class<\/th><td>−0\.50/);
    expect(renderResultsMarkdown(data)).toContain('| test | 20 | 1.00 | 0.100 | 69.0 | 59.0 |');
    const files = renderChartFiles(data).map(({ name }) => name);
    expect(files).toEqual(['trust-test.svg', 'trust-unlabelled.svg']);
  });

  it('says why trust is not calibrated, and leaves out what there is not', () => {
    const trust: TrustReport = { reason: 'trust.folds is 0', measured: [], pool: [], least: [] };
    const page = renderReport({ ...empty, trust });
    expect(page).toContain('not calibrated here, because trust.folds is 0');
    expect(page.match(/NaN|undefined|null|Infinity/)).toBeNull();
    const none = [{ split: 'val', reliability: reliabilityOf([]) }];
    const nothing = renderReport({ ...empty, trust: { ...trust, measured: none } });
    expect(nothing).toMatch(/On val<\/th><td>0<\/td><td>–/);
    expect(nothing.match(/NaN|undefined|null|Infinity/)).toBeNull();
  });
});

describe('findings', () => {
  const initial = resultOf('test', 'initial', [6, 6, 7, 7, 8, 8]);
  const textsOf = (...results: StageResult[]): string[] =>
    findings({ ...empty, results }).map((f) => `${f.tone}: ${f.text}`);

  it('says that a step helped, did not help, or made no clear difference', () => {
    expect(textsOf(initial, resultOf('test', 'final', [8, 8, 9, 9, 10, 10]))[0]).toMatch(
      /^better: On test, the final network raised Dice from 82\.\d with the initial network to 94\.\d \(\+/,
    );
    expect(textsOf(initial, resultOf('test', 'refined', [5, 5, 6, 6, 7, 7]))[0]).toMatch(
      /^worse: On test, refinement of the masks did not help: Dice fell from .* \(−/,
    );
    expect(textsOf(initial, resultOf('test', 'final', [8, 4, 9, 5, 10, 6]))[0]).toMatch(
      /^unclear: On test, the final network did not clearly help/,
    );
  });

  it('puts the last split first and cannot compare one image', () => {
    const texts = textsOf(
      resultOf('val', 'initial', [5]),
      resultOf('val', 'final', [6]),
      initial,
      resultOf('test', 'final', [8, 8, 9, 9, 10, 10]),
    );
    expect(texts).toHaveLength(2);
    expect(texts[0]).toContain('On test');
    expect(texts[1]).toMatch(/^unclear: On val, .*cannot be said/);
  });
});

describe('renderResultsMarkdown', () => {
  it('holds the figures of every split and escapes what would break a table', () => {
    const text = renderResultsMarkdown({
      ...empty,
      title: 'a|b',
      results: [resultOf('val', 'initial', [5, 10]), resultOf('test', 'initial', [10, 10])],
      curves: [{ stage: 'initial', points: [{ epoch: 3, minutes: 1.5, loss: 0.25, valDice: 0.5 }] }],
    });
    expect(text).toContain('# a\\|b');
    expect(text).toMatch(/## val, 2 images[\s\S]*\| Initial network \| 83\.3 \(66\.7–100\.0\) \|/);
    expect(text).toContain('| Initial network | 3 | 1.5 min | 0.250 | 50.0 |');
    expect(text).toContain('![dice per class](dice-per-class.svg)');
  });
});
