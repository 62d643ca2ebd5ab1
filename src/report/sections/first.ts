/** @file The first screen: what was run, the one figure, what it means, and what needs care. */
import type { ReportData } from '../data.ts';
import { findings, headlineResult } from '../findings.ts';
import { levelTitle, percent, percentInterval, STAGE_TITLES } from '../format.ts';
import { html, type Markup } from '../markup.ts';

export function firstSection(data: ReportData): Markup {
  return html`<header>
<p class="brand"><b>Packmule</b><span>version ${data.packmuleVersion}</span><span>${data.date}</span></p>
<h1>${data.title}</h1>
<p class="lead">${data.subtitle}</p>
<div class="first">${hero(data)}<ul class="findings">${findings(data).map(
    (finding) => html`<li class="${finding.tone}">${finding.text}</li>`,
  )}</ul></div>
<dl class="facts">${data.facts.map((fact) => html`<div><dt>${fact.name}</dt><dd>${fact.value}</dd></div>`)}</dl>
${warnings(data.warnings)}
</header>`;
}

/** The one figure; none where there is no Dice, which the findings then say. */
function hero(data: ReportData): Markup | undefined {
  const result = headlineResult(data);
  const figure = result?.evaluation.overall.dice.present;
  if (result === undefined || figure === undefined || figure.mean === null) {
    return undefined;
  }
  const interval =
    figure.interval === null
      ? 'one image only, so no interval'
      : `${levelTitle(result.evaluation.method)} interval ${percentInterval(figure.interval)}`;
  return html`<div class="hero"><div class="figure">${percent(figure.mean)}</div><p class="what"><b>Dice on ${result.split}</b>, ${STAGE_TITLES[result.stage].toLowerCase()}<span>${interval}</span></p></div>`;
}

function warnings(list: readonly string[]): Markup | undefined {
  if (list.length === 0) return undefined;
  return html`<aside class="warnings" aria-labelledby="warnings-title"><h2 id="warnings-title">To be looked at</h2><ul>${list.map((text) => html`<li>${text}</li>`)}</ul></aside>`;
}
