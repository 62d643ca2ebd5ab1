/** @file What came of tuning as one HTML page that loads nothing. */
import { effectChart } from '../report/charts/effects.ts';
import { counted, percent, percentInterval, signedPercent } from '../report/format.ts';
import { html, type Markup, trusted } from '../report/markup.ts';
import { PAGE_STYLE } from '../report/style.ts';
import type { Tuning } from './result.ts';
import type { AxisEffect } from './surface.ts';
import { choiceText, howSearched, verdictText } from './words.ts';

/** Finalists on the page. */
const SHOWN = 12;
const STYLE = `${PAGE_STYLE}
th.words,td.words{text-align:left;width:100%}`;

export function renderTuning(tuning: Tuning): string {
  const { refiner, images, structures, surface, current, winner, finalists } = tuning;
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>Tuning ${refiner} · Packmule</title><link rel="icon" href="data:,"><style>${trusted(STYLE)}</style></head>
<body><div class="page"><header><p class="brand"><b>Packmule</b> tuning</p><h1>Settings of ${refiner}</h1>
<p class="lead">${verdictText(tuning)}</p></header><main>
<section><h2>What was found</h2><div class="scroll" tabindex="0"><table><thead><tr><th></th><th scope="col">Dice</th><th scope="col" class="words">Settings</th></tr></thead><tbody>
<tr><th scope="row">Now</th><td>${percent(current.dice)}</td><td class="words">${choiceText(current)}</td></tr>
<tr><th scope="row">Best</th><td>${percent(winner.dice)}</td><td class="words">${choiceText(winner)}</td></tr></tbody></table></div>
<p class="note">Dice in percent over ${counted(structures, 'structure')} of ${counted(images, 'labelled image')}, whose masks were drawn by networks that had not seen them; a structure that was not found counts 0. ${howSearched(tuning)} The best of many settings looks better than it is on the images by which it was chosen (${signedPercent(tuning.gainAsChosen)}); so the gain is taken on each image for settings that were chosen by the others. Images of val and test had no part in it.</p></section>
<section><h2>Which settings matter</h2><div class="charts full">${effectChart({
    title: 'Dice of the candidates with a value, less that of all candidates; 95 % interval',
    width: 760,
    groups: surface.map(({ name, values }) => ({
      name,
      rows: values.map(({ label, effect, dice }) => ({
        name: label,
        difference: effect?.difference ?? dice - meanDice(values),
        interval: effect?.interval ?? null,
      })),
    })),
  })}</div>
<p class="note">From ${counted(tuning.rungs[0]!.candidates, 'candidate')} on ${counted(tuning.rungs[0]!.images, 'image')}: main effects, averaged over all that the other settings had; intervals are bootstraps over these images.</p>
${surface.map(axisTable)}</section>
<section><h2>Best settings</h2><div class="scroll" tabindex="0"><table><thead><tr><th></th><th scope="col">Dice</th><th scope="col" class="words">Settings</th></tr></thead><tbody>${finalists
    .slice(0, SHOWN)
    .map(
      (finalist, i) =>
        html`<tr><th scope="row">${i + 1}</th><td>${percent(finalist.dice)}</td><td class="words">${choiceText(finalist)}</td></tr>`,
    )}</tbody></table></div></section>
</main></div></body></html>
`;
  return page.markup;
}

function meanDice(values: AxisEffect['values']): number {
  return values.reduce((sum, { dice }) => sum + dice, 0) / values.length;
}

function axisTable({ name, range, values }: AxisEffect): Markup {
  return html`<details><summary>${name}: ${percent(range)} between best and worst</summary><div class="scroll" tabindex="0"><table><thead><tr><th></th><th scope="col">Candidates</th><th scope="col">Dice</th><th scope="col">Difference</th><th scope="col">95 % interval</th></tr></thead><tbody>${values.map(
    ({ label, candidates, dice, effect }) =>
      html`<tr><th scope="row">${label}</th><td>${candidates}</td><td>${percent(dice)}</td><td>${effect ? signedPercent(effect.difference) : '–'}</td><td>${percentInterval(effect?.interval ?? null)}</td></tr>`,
  )}</tbody></table></div></details>`;
}
