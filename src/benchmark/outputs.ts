/** @file The files that show a benchmark, written anew after each cell. */
import { writeFileAtomic } from '../base/files.ts';
import type { RunDirectory } from '../pipeline/run-directory.ts';
import { standaloneSvg } from '../report/charts/frame.ts';
import { chartPng } from '../report/charts/raster.ts';
import { renderClassesCsv, renderFiguresCsv } from './outputs/csv.ts';
import { curveOf } from './outputs/curve.ts';
import { renderPage } from './outputs/page.ts';
import type { Examples } from './outputs/qualitative.ts';
import { renderLatex, renderMarkdown } from './outputs/text.ts';
import type { Table } from './table.ts';

/**
 * Writes the files and returns their paths, the page first. Without a cell there is nothing to show; without examples
 * the page has none.
 */
export async function writeOutputs(run: RunDirectory, table: Table, examples?: Examples): Promise<string[]> {
  if (table.splits.length === 0) return [];
  const curves = table.splits.map((figures) => ({
    name: `curve-${figures.split}.svg`,
    content: standaloneSvg(curveOf(table, figures, 760)),
  }));
  const rasters = table.splits.map(async (figures) => ({
    name: `curve-${figures.split}.png`,
    content: await chartPng(curveOf(table, figures, 760)),
  }));
  const files = [
    { name: 'table.html', content: renderPage(table, examples) },
    {
      name: 'table.md',
      content: renderMarkdown(
        table,
        curves.map(({ name }) => name),
      ),
    },
    { name: 'table.tex', content: renderLatex(table) },
    { name: 'figures.csv', content: renderFiguresCsv(table) },
    { name: 'classes.csv', content: renderClassesCsv(table) },
    { name: 'figures.json', content: `${JSON.stringify(table)}\n` },
    ...curves,
    ...(await Promise.all(rasters)),
    ...(examples ? [{ name: 'qualitative.png', content: examples.png }] : []),
  ];
  for (const { name, content } of files) await writeFileAtomic(run.path(name), content);
  return files.map(({ name }) => run.path(name));
}
