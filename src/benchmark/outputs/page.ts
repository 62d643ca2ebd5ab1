/** @file The benchmark as one HTML page. Its figures link to the cells that they are taken from. */
import { counted, percent } from '../../report/format.ts';
import { html, type Markup, trusted } from '../../report/markup.ts';
import { PAGE_STYLE } from '../../report/style.ts';
import type { Row, SplitFigures, Table } from '../table.ts';
import {
  againstText,
  CLASS_MEASURES,
  classMeasures,
  explanation,
  MEASURES,
  measures,
  rowAt,
  SIGNIFICANCE,
  seedsText,
} from './cells.ts';
import { curveOf } from './curve.ts';
import type { Examples } from './qualitative.ts';
import { missingText, titleOf } from './text.ts';

const STYLE = `${PAGE_STYLE}
th small{display:block;font-weight:400}td.chance{color:var(--muted)}td.missing{color:var(--muted)}
td a,th a,caption a{color:inherit;text-decoration-color:var(--line)}
figure{margin:14px 0 0}figure img{display:block;max-width:100%;height:auto}`;

/** `examples` are shown where they are drawn. */
export function renderPage(table: Table, examples?: Examples): string {
  const { grid, splits, failures } = table;
  const missing = missingText(table);
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>Benchmark · Packmule</title><link rel="icon" href="data:,"><style>${trusted(STYLE)}</style></head>
<body><div class="page"><header><p class="brand"><b>Packmule</b> benchmark</p><h1>${counted(grid.methods.length, 'method')}, ${counted(grid.seeds, 'seed')}</h1>
<p class="lead">${missing === '' ? 'All cells are done.' : missing}</p></header><main>
${splits.map((figures) => splitSection(table, figures))}
${examples && examplesSection(examples)}
<section><h2>Methods</h2><div class="tables"><table><tbody>${grid.methods.map(
    ({ title, about }) => html`<tr><th scope="row">${title}</th><td>${about}</td></tr>`,
  )}</tbody></table></div><p class="note">${explanation(grid)}</p></section>
${failures.length === 0 ? undefined : html`<section><h2>Could not be done</h2><ul>${failures.map((failure) => html`<li>${failure}</li>`)}</ul></section>`}
</main></div></body></html>
`;
  return page.markup;
}

function examplesSection({ png, caption }: Examples): Markup {
  const data = Buffer.from(png).toString('base64');
  return html`<section id="examples"><h2>Examples</h2><figure><a href="qualitative.png"><img src="data:image/png;base64,${data}" alt="${caption}"></a><figcaption class="note">${caption}</figcaption></figure></section>`;
}

function splitSection(table: Table, figures: SplitFigures): Markup {
  const { grid } = table;
  const { split, images } = figures;
  return html`<section id="${split}"><h2>${split}, ${counted(images, 'image')}</h2>
<div class="scroll" tabindex="0"><table><caption>Dice over the number of labelled images</caption><thead><tr><th></th>${grid.labelled.map((n) => html`<th scope="col">${n} labelled</th>`)}</tr></thead><tbody>${grid.methods.map(
    ({ name, title }) =>
      html`<tr><th scope="row">${title}</th>${grid.labelled.map((n) => diceCell(table, rowAt(figures, name, n)))}</tr>`,
  )}</tbody></table></div>
<div class="charts full">${curveOf(table, figures, 760)}</div>
<div class="scroll" tabindex="0"><table><caption>All measures</caption><thead><tr><th></th><th scope="col">Labelled</th>${MEASURES.map((name) => html`<th scope="col">${name}</th>`)}<th scope="col">Minutes</th><th scope="col">Cells</th></tr></thead><tbody>${figures.rows.map(
    (row) =>
      html`<tr><th scope="row">${titleOf(table, row.method)}</th><td>${row.labelled}</td>${measures(row).map((text) => html`<td>${text}</td>`)}<td>${row.minutes.toFixed(1)}</td><td><small>${seedLinks(row)}</small></td></tr>`,
  )}</tbody></table></div>
${grid.labelled.map((n) => classTable(table, figures, n))}</section>`;
}

/** Mean, interval, the difference to the first method, and a link for each seed. */
function diceCell({ grid }: Table, row: Row | undefined): Markup {
  if (row === undefined) return html`<td class="missing">–</td>`;
  const { mean, interval } = row.dice.present;
  const p = row.againstFirst?.present.p;
  const range = interval && html`<small>${percent(interval.low)}–${percent(interval.high)}</small>`;
  const against = againstText(row);
  return html`<td class="${p !== undefined && p >= SIGNIFICANCE ? 'chance' : ''}">${percent(mean)}${range ?? undefined}${
    against === '' ? undefined : html`<small>${against}</small>`
  }<small>${seedLinks(row)}${seedsText(row, grid) === '' ? '' : `, ${seedsText(row, grid)}`}</small></td>`;
}

/** The seeds of a row, each a link to its cell. */
function seedLinks({ seeds, folders }: Row): Markup {
  return html`seed${folders.map(
    (folder, i) => html` <a href="${folder}/cell.json" title="seed ${seeds[i]!}">${seeds[i]!}</a>`,
  )}`;
}

/** Dice of each class, methods side by side, and below it all measures of each method. */
function classTable(table: Table, figures: SplitFigures, labelled: number): Markup | undefined {
  const rows = figures.rows.filter((row) => row.labelled === labelled);
  if (rows.length === 0) return undefined;
  return html`<details><summary>Classes, ${labelled} labelled</summary><div class="scroll" tabindex="0"><table><thead><tr><th></th>${rows.map((row) => html`<th scope="col">${titleOf(table, row.method)}<small>${seedLinks(row)}</small></th>`)}</tr></thead><tbody>${table.grid.classes.map(
    (name, k) =>
      html`<tr><th scope="row">${name}</th>${rows.map((row) => html`<td>${percent(row.perClass[k]!.dice.present)}<small>${percent(row.perClass[k]!.detectionRate)} % found</small></td>`)}</tr>`,
  )}</tbody></table></div>${rows.map((row) => html`<details><summary>${titleOf(table, row.method)}, all measures</summary>${classMeasuresTable(row)}</details>`)}</details>`;
}

function classMeasuresTable(row: Row): Markup {
  return html`<div class="scroll" tabindex="0"><table><caption><small>${seedLinks(row)}</small></caption><thead><tr><th></th>${CLASS_MEASURES.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>${row.perClass.map(
    ({ name, ...figures }) =>
      html`<tr><th scope="row">${name}</th>${classMeasures(figures).map((text) => html`<td>${text}</td>`)}</tr>`,
  )}</tbody></table></div>`;
}
