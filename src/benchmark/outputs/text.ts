/** @file The tables as Markdown and as LaTeX. */
import { counted } from '../../report/format.ts';
import { markdownTable, markdownText } from '../../report/markdown-table.ts';
import type { Grid, Row, SplitFigures, Table } from '../table.ts';
import { againstText, diceText, explanation, MEASURES, measures, rowAt, seedsText } from './cells.ts';

/** Links `curves`, files beside it. */
export function renderMarkdown(table: Table, curves: readonly string[]): string {
  const { grid, splits, failures } = table;
  const parts = [
    '# Benchmark',
    missingText(table),
    ...splits.flatMap((figures) => [
      `## ${figures.split}, ${counted(figures.images, 'image')}`,
      diceTable(table, figures),
      ...curves.filter((name) => name.includes(figures.split)).map((name) => `![Learning curve](${name})`),
      markdownTable(
        ['', 'Labelled', ...MEASURES, 'Minutes', 'Seeds'],
        figures.rows.map((row) => [
          titleOf(table, row.method),
          String(row.labelled),
          ...measures(row),
          row.minutes.toFixed(1),
          { markdown: seedLinks(row, grid) },
        ]),
      ),
    ]),
    markdownText(explanation(grid)),
    ...failures.map((failure) => `- ${markdownText(failure)}`),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function diceTable({ grid }: Table, figures: SplitFigures): string {
  return markdownTable(
    ['Dice', ...grid.labelled.map((labelled) => `n = ${labelled}`)],
    grid.methods.map(({ name, title }) => [
      title,
      ...grid.labelled.map((labelled) => {
        const row = rowAt(figures, name, labelled);
        if (row === undefined) return diceText(row);
        const texts = [diceText(row), againstText(row)].filter((text) => text !== '');
        return { markdown: [...texts.map(markdownText), `seed ${seedLinks(row, grid)}`].join('; ') };
      }),
    ]),
  );
}

/** The seeds of a row, each a link to its cell. */
function seedLinks(row: Row, grid: Grid): string {
  const links = row.seeds.map((seed, i) => `[${seed}](${row.folders[i]!}/cell.json)`).join(' ');
  const lack = seedsText(row, grid);
  return lack === '' ? links : `${links}, ${lack}`;
}

/** What is missing, if anything is: a sentence, and which cells. */
export function missingText(table: Table): string {
  const { missing, cells } = table;
  if (missing.length === 0) return '';
  const bySeeds = new Map<string, number[]>();
  for (const { method, labelled, seed } of missing) {
    const name = `${titleOf(table, method)}, ${labelled} labelled`;
    bySeeds.set(name, [...(bySeeds.get(name) ?? []), seed]);
  }
  const named = [...bySeeds].map(([name, seeds]) => `${name}, seed ${seeds.join(', ')}`);
  const rest = named.length > LISTED ? ` and ${named.length - LISTED} more` : '';
  return `${missing.length} of ${cells} cells are missing; a dash stands in their place. Next are: ${named.slice(0, LISTED).join('; ')}${rest}.`;
}

/** Missing cells that are named; all of them are in figures.json. */
const LISTED = 12;

export function titleOf({ grid }: Table, method: string): string {
  return grid.methods.find(({ name }) => name === method)!.title;
}

/** A table for the package booktabs, of the headline split. */
export function renderLatex(table: Table): string {
  const { grid, splits } = table;
  const [figures] = splits;
  if (figures === undefined) return '';
  const rows = grid.methods.map(({ name, title }) => {
    const cells = grid.labelled.map((labelled) => {
      const row = rowAt(figures, name, labelled);
      const { mean, interval } = row?.dice.present ?? { mean: null, interval: null };
      if (mean === null) return '--';
      const range =
        interval === null ? '' : `\\,{\\scriptsize(${hundred(interval.low)}--${hundred(interval.high)})}`;
      return `${hundred(mean)}${range}`;
    });
    return `${[latexText(title), ...cells].join(' & ')} \\\\`;
  });
  return `${[
    `% Dice in percent on ${figures.images} ${figures.split} images, 95 % bootstrap intervals. Needs \\usepackage{booktabs}.`,
    `\\begin{tabular}{l${'c'.repeat(grid.labelled.length)}}`,
    '\\toprule',
    `${['Method', ...grid.labelled.map((labelled) => `$n = ${labelled}$`)].join(' & ')} \\\\`,
    '\\midrule',
    ...rows,
    '\\bottomrule',
    '\\end{tabular}',
  ].join('\n')}\n`;
}

const hundred = (score: number): string => (100 * score).toFixed(1);

const LATEX: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
};

function latexText(text: string): string {
  return text.replace(/[\\~^&%$#_{}]/g, (character) => LATEX[character] ?? `\\${character}`);
}
