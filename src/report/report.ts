/** @file The report of a run: one HTML file that needs nothing else, not even a network. */
import type { ReportData } from './data.ts';
import { html, type Markup, trusted } from './markup.ts';
import { classesSection } from './sections/classes.ts';
import { firstSection } from './sections/first.ts';
import { gallerySection } from './sections/gallery.ts';
import { refinementSection } from './sections/refinement.ts';
import { resultsSection } from './sections/results.ts';
import { trainingSection } from './sections/training.ts';
import { trustSection } from './sections/trust.ts';
import { PAGE_SCRIPT, PAGE_STYLE } from './style.ts';

/** The page. The same data gives the same bytes. */
export function renderReport(data: ReportData): string {
  const classes = classesSection(data);
  const links = [
    ['results', 'Results'],
    ['training', 'Training'],
    ...(classes === undefined ? [] : [['classes', 'Classes']]),
    ['refinement', 'Refined masks'],
    ...(data.trust === undefined ? [] : [['trust', 'Trust'] as const]),
    ['gallery', 'Gallery'],
    ['settings', 'Settings and versions'],
  ] as const;
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${data.title} · Packmule report</title><link rel="icon" href="data:,"><style>${trusted(PAGE_STYLE)}</style></head>
<body><div class="page">
${firstSection(data)}
<nav aria-label="Sections">${links.map(([id, title]) => html`<a href="#${id}">${title}</a>`)}</nav>
<main>
${resultsSection(data)}
${trainingSection(data)}
${classes}
${refinementSection(data)}
${data.trust && trustSection(data.trust)}
${gallerySection(data.gallery)}
${settingsSection(data)}
</main>
<footer>Made by Packmule ${data.packmuleVersion}. This file holds everything it shows and loads nothing.</footer>
</div><script>${trusted(PAGE_SCRIPT)}</script></body></html>
`;
  return page.markup;
}

function settingsSection(data: ReportData): Markup {
  const tables = data.tables.map(
    (table) =>
      html`<table><caption>${table.title}</caption><tbody>${table.rows.map(
        (row) => html`<tr><th scope="row">${row.name}</th><td>${row.value}</td></tr>`,
      )}</tbody></table>`,
  );
  const content =
    tables.length === 0 ? html`<p>No settings were recorded.</p>` : html`<div class="tables">${tables}</div>`;
  return html`<section id="settings"><h2>Settings and versions</h2>${content}</section>`;
}
