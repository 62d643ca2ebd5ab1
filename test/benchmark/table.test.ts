/** From cells to figures, and from figures to files. */
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { AnnotationSet } from '../../src/annotations/types.ts';
import type { CellResult } from '../../src/benchmark/evaluate.ts';
import { chooseFigure } from '../../src/benchmark/figure.ts';
import { renderClassesCsv, renderFiguresCsv } from '../../src/benchmark/outputs/csv.ts';
import { curveOf } from '../../src/benchmark/outputs/curve.ts';
import { renderPage } from '../../src/benchmark/outputs/page.ts';
import { renderLatex, renderMarkdown } from '../../src/benchmark/outputs/text.ts';
import { type Grid, type Row, summarise } from '../../src/benchmark/table.ts';
import { evaluateSet } from '../../src/evaluate/summary.ts';
import { encodeRle } from '../../src/masks/rle.ts';
import { chartPng } from '../../src/report/charts/raster.ts';

const SIDE = 20;
const IMAGES = 8;
const GRID: Grid = {
  methods: [
    { name: 'ours', title: 'Ours & co_1', about: 'ours' },
    { name: 'theirs', title: '<Theirs> | 50 %', about: 'theirs' },
  ],
  labelled: [5, 10],
  seeds: 2,
  classes: ['left, "upper"', 'right'],
};

/** A bar of `length` px per class; the truth is 10 px long. The second class is invented in the first image. */
function bars(length: (image: number) => number, invents = false): AnnotationSet {
  const bar = (px: number) => {
    const data = new Uint8Array(SIDE * SIDE).fill(0);
    data.fill(1, 0, px);
    return encodeRle({ height: SIDE, width: SIDE, data });
  };
  return {
    classes: GRID.classes,
    images: Array.from({ length: IMAGES }, (_, i) => ({
      fileName: `${i}.png`,
      height: SIDE,
      width: SIDE,
      structures: [
        { classIndex: 0, rle: bar(length(i)) },
        ...(i > 0 || invents ? [{ classIndex: 1, rle: bar(length(i)) }] : []),
      ],
    })),
  };
}
const TRUTH = bars(() => 10);

/** A cell whose bars fall short by `lack` px. */
function cell(method: string, labelled: number, seed: number, lack: number, invents = false): CellResult {
  const found = bars((i) => 10 - lack - (i % 2), invents);
  const evaluation = evaluateSet(TRUTH, found, { resamples: 200, surface: {} });
  return { method, labelled, seed, key: '', works: [], minutes: 9, results: [{ split: 'test', evaluation }] };
}

const CELLS = [
  cell('ours', 5, 2, 0),
  cell('ours', 5, 1, 1),
  cell('ours', 10, 1, 0),
  cell('theirs', 5, 1, 5, true),
];
const table = summarise(GRID, CELLS, ['Theirs, 10 labelled, seed 1: nothing was found'], 200);
const [figures] = table.splits;
const row = (method: string, labelled: number): Row =>
  figures!.rows.find((each) => each.method === method && each.labelled === labelled)!;
/** Dice of a bar of so many px with one of ten. */
const diceOf = (px: number): number => (2 * px) / (px + 10);

describe('summarise', () => {
  it('takes means over all seeds that are done, and counts the others as missing', () => {
    // Eight structures of even images, seven of odd ones and so on: image 0 shows one class only.
    const mean = (lack: number): number => (7 * diceOf(10 - lack) + 8 * diceOf(9 - lack)) / 15;
    expect(row('ours', 5).dice.present.mean).toBeCloseTo((mean(0) + mean(1)) / 2, 10);
    expect(row('ours', 5)).toMatchObject({
      seeds: [1, 2],
      folders: ['cells/ours/5-labels/seed-1', 'cells/ours/5-labels/seed-2'],
    });
    expect(row('ours', 10).seeds).toEqual([1]);
    expect(row('theirs', 10)).toBeUndefined();
    expect(table.cells).toBe(8);
    expect(table.missing.map(({ method, labelled, seed }) => `${method} ${labelled} ${seed}`)).toEqual([
      'theirs 10 1',
      'theirs 5 2',
      'ours 10 2',
      'theirs 10 2',
    ]);
  });

  it('lets invented structures count 0 under one rule and nothing under the other', () => {
    const { present, counted } = row('theirs', 5).dice;
    expect(counted.mean! / present.mean!).toBeCloseTo(15 / 16, 10);
  });

  it('tells the spread over seeds where there are some', () => {
    const means = [1, 0].map((lack) => (7 * diceOf(10 - lack) + 8 * diceOf(9 - lack)) / 15);
    expect(row('ours', 5).spread).toBeCloseTo(Math.abs(means[0]! - means[1]!) / Math.SQRT2, 10);
    expect(row('ours', 10).spread).toBeNull();
  });

  it('compares with the first method on the seeds that both have', () => {
    const { present } = row('theirs', 5).againstFirst!;
    const seed1 = (7 * diceOf(9) + 8 * diceOf(8)) / 15;
    expect(present.difference).toBeCloseTo(row('theirs', 5).dice.present.mean! - seed1, 10);
    expect(present.p).toBeLessThan(0.02);
    expect(row('ours', 5).againstFirst).toBeUndefined();
    const alone = summarise(GRID, [cell('ours', 5, 2, 0), cell('theirs', 5, 1, 0)], [], 200);
    expect(alone.splits[0]!.rows[1]!.againstFirst, 'no seed in common').toBeUndefined();
  });

  it('gives intervals around means, distances and detection rates, by class too', () => {
    const { dice, hd95, detectionRate, perClass } = row('theirs', 5);
    expect(dice.present.interval!.low).toBeLessThanOrEqual(dice.present.mean!);
    expect(dice.present.interval!.high).toBeGreaterThanOrEqual(dice.present.mean!);
    expect(hd95).toBeGreaterThan(0);
    // A bar of 5 px has an IoU of exactly a half, one of 4 px less.
    expect(detectionRate).toBeCloseTo(7 / 15);
    expect(perClass.map(({ name }) => name)).toEqual(GRID.classes);
    expect(perClass[0]!.detectionRate).toBeCloseTo(4 / 8);
  });

  it('gives all measures of each class', () => {
    // Bars of 5 px in even images and of 4 in odd ones, 10 being true. Class 1 is invented in image 0.
    const [first, second] = row('theirs', 5).perClass;
    expect(first!.dice.present).toBeCloseTo((diceOf(5) + diceOf(4)) / 2, 10);
    expect(second!.dice.present).toBeCloseTo((3 * diceOf(5) + 4 * diceOf(4)) / 7, 10);
    expect(second!.dice.counted).toBeCloseTo((3 * diceOf(5) + 4 * diceOf(4)) / 8, 10);
    expect(second!.iou.present).toBeCloseTo((3 * 0.5 + 4 * 0.4) / 7, 10);
    expect(second!.iou.counted).toBeCloseTo((3 * 0.5 + 4 * 0.4) / 8, 10);
    // The true pixels beyond the bar are 1, 2, ... px away from it, the others 0.
    expect(first!.hd95).toBeCloseTo((4.55 + 5.55) / 2, 10);
    expect(first!.assd).toBeCloseTo((15 / 15 + 21 / 14) / 2, 10);
    expect(second!.assd).toBeCloseTo((3 * (15 / 15) + 4 * (21 / 14)) / 7, 10);
    // Of two seeds, bars short by 1 and 2 px, and by 0 and 1.
    expect(row('ours', 5).perClass[0]!.dice.present).toBeCloseTo(
      (diceOf(10) + 2 * diceOf(9) + diceOf(8)) / 4,
      10,
    );
  });

  it('knows nothing before the first cell', () => {
    expect(summarise(GRID, [], [], 200)).toMatchObject({ splits: [] });
    expect(summarise(GRID, [], [], 200).missing).toHaveLength(8);
  });
});

describe('the qualitative figure', () => {
  it('shows the number of labels at which most methods are done, from the best image to the worst', () => {
    const { split, cells, images } = chooseFigure(table, CELLS)!;
    expect(split).toBe('test');
    expect(cells.map(({ cell: { method, labelled, seed } }) => [method, labelled, seed])).toEqual([
      ['ours', 5, 1],
      ['theirs', 5, 1],
    ]);
    const { evaluation } = cells[0]!.cell.results[0]!;
    const dice = images.map(
      (name) => evaluation.images.find(({ fileName }) => fileName === name)!.dice.present!,
    );
    expect(images).toHaveLength(4);
    expect(dice).toEqual([diceOf(9), diceOf(9), diceOf(8), diceOf(8)]);
    expect(chooseFigure(summarise(GRID, [], [], 200), [])).toBeUndefined();
  });
});

describe('the page', () => {
  const page = renderPage(table);

  it('links each figure to its cells, names what is missing and what failed', () => {
    // In the table of Dice, that of all measures, that of classes, and the one of all measures of each class.
    for (const { folders } of figures!.rows)
      for (const folder of folders) expect(page.split(`href="${folder}/cell.json"`)).toHaveLength(1 + 4);
    expect(page).toContain('4 of 8 cells are missing');
    expect(page).toContain('1 of 2 seeds');
    expect(page).toContain('nothing was found');
    expect(page.match(/<td class="missing">–<\/td>/g)).toHaveLength(1);
  });

  it('has a table of all measures of each class', () => {
    const tables = page.split(', all measures</summary>').slice(1);
    expect(tables).toHaveLength(3);
    const cells = [...tables[1]!.split('</table>')[0]!.matchAll(/<td>([^<]*)<\/td>/g)].map(
      ([, text]) => text,
    );
    const class1 = ['61.2', '53.6', '44.3', '38.8', '5.1', '1.29', '42.9'];
    expect(cells).toEqual(['61.9', '61.9', '45.0', '45.0', '5.0', '1.25', '50.0', ...class1]);
  });

  it('shows the examples where there are some, and links the picture', () => {
    const png = Uint8Array.of(1, 2, 3);
    const shown = renderPage(table, { png, caption: 'Of <all>' });
    expect(shown).toContain(
      '<a href="qualitative.png"><img src="data:image/png;base64,AQID" alt="Of &lt;all&gt;">',
    );
    expect(page).not.toContain('<img');
  });

  it('shows names as text', () => {
    expect(page).toContain('&lt;Theirs&gt;');
    expect(page).not.toContain('<Theirs>');
  });
});

describe('the other formats', () => {
  it('Markdown has a row for each method, a dash for a missing cell, and p values', () => {
    const text = renderMarkdown(table, ['curve-test.svg']);
    expect(text).toMatch(
      /\| \\<Theirs\\> \\\| 50 % \| [\d.]+ \(.*\); −.*p\s=.*; seed \[1\]\(cells\/theirs\/5-labels\/seed-1\/cell\.json\), 1 of 2 seeds \| – \|/,
    );
    // In the table of Dice and that of all measures.
    for (const { folders } of figures!.rows)
      for (const folder of folders) expect(text.split(`](${folder}/cell.json)`)).toHaveLength(1 + 2);

    expect(text).toContain('![Learning curve](curve-test.svg)');
  });

  it('LaTeX escapes what it would take for commands', () => {
    const text = renderLatex(table);
    expect(text).toContain('Ours \\& co\\_1 & ');
    expect(text).toContain('<Theirs> | 50 \\% & ');
    expect(text.match(/ & -- /g)).toHaveLength(1);
    expect(text.split('\n').filter((line) => line.endsWith('\\\\'))).toHaveLength(3);
  });

  it('CSV has as many fields in each line, quotes where needed', () => {
    const [head, ...lines] = renderFiguresCsv(table).trimEnd().split('\r\n');
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line.split(',')).toHaveLength(head!.split(',').length);
    const value = lines[0]!.split(',')[head!.split(',').indexOf('dice_present')];
    expect(Number(value)).toBe(row('ours', 5).dice.present.mean);
    const [classHead, ...classes] = renderClassesCsv(table).trimEnd().split('\r\n');
    expect(classes).toHaveLength(3 * GRID.classes.length);
    expect(classes[0]).toMatch(/^test,ours,5,"left, ""upper""",/);
    const { dice, iou, hd95, assd, detectionRate } = row('ours', 5).perClass[1]!;
    expect(classHead).toBe(
      'split,method,labelled,class,dice_present,dice_counted,iou_present,iou_counted,hd95_px,assd_px,detection_rate',
    );
    expect(classes[1]!.split(',').slice(4).map(Number)).toEqual([
      ...[dice.present, dice.counted, iou.present, iou.counted],
      ...[hd95, assd, detectionRate],
    ]);
  });

  it('the curve has a line for each method and a point for each number of labels', () => {
    const { markup } = curveOf(table, figures!, 760);
    expect(markup.match(/<polyline/g)).toHaveLength(2);
    expect(markup.match(/<circle/g)).toHaveLength(3);
    expect(markup).toContain('class="band"');
  });

  it('the curve as a PNG has the lines of all methods in their colours, on white', async () => {
    const png = await chartPng(curveOf(table, figures!, 760));
    const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width: 2 * (760 + 32), channels: 3 });
    const count = (colour: readonly number[]): number => {
      let found = 0;
      for (let i = 0; i < data.length; i += 3) if (colour.every((value, c) => data[i + c] === value)) found++;
      return found;
    };
    expect(count([255, 255, 255])).toBeGreaterThan(data.length / 3 / 2);
    for (const colour of [
      [0x00, 0x69, 0xa8],
      [0xc4, 0x51, 0x00],
    ])
      expect(count(colour), String(colour)).toBeGreaterThan(50);
  });
});
