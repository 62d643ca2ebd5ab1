/** @file The files that show a benchmark, written anew after each cell. */
import { writeFileAtomic } from '../base/files.ts';
import type { RunDirectory } from '../pipeline/run-directory.ts';
import { standaloneSvg } from '../report/charts/frame.ts';
import { renderClassesCsv, renderFiguresCsv } from './outputs/csv.ts';
import { curveOf } from './outputs/curve.ts';
import { renderPage } from './outputs/page.ts';
import { renderLatex, renderMarkdown } from './outputs/text.ts';
import type { Table } from './table.ts';

/** Writes the files and returns their paths, the page first. Without a cell there is nothing to show. */
export async function writeOutputs(run: RunDirectory, table: Table): Promise<string[]> {
  if (table.splits.length === 0) return [];
  const curves = table.splits.map((figures) => ({
    name: `curve-${figures.split}.svg`,
    text: standaloneSvg(curveOf(table, figures, 760)),
  }));
  const files = [
    { name: 'table.html', text: renderPage(table) },
    {
      name: 'table.md',
      text: renderMarkdown(
        table,
        curves.map(({ name }) => name),
      ),
    },
    { name: 'table.tex', text: renderLatex(table) },
    { name: 'figures.csv', text: renderFiguresCsv(table) },
    { name: 'classes.csv', text: renderClassesCsv(table) },
    { name: 'figures.json', text: `${JSON.stringify(table)}\n` },
    ...curves,
  ];
  for (const { name, text } of files) await writeFileAtomic(run.path(name), text);
  return files.map(({ name }) => run.path(name));
}
