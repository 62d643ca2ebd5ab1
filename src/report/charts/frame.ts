/**
 * @file What every chart shares: the SVG element, its colours and its legend.
 *
 * Colours are of the palette of Okabe & Ito (2008), which people with colour-blindness can tell apart, taken
 * darker or lighter by scheme so that each has a contrast of at least 3 : 1 to its ground. Stages differ by shape
 * too: circle, diamond, square.
 */
import type { Stage } from '../data.ts';
import { STAGE_TITLES } from '../format.ts';
import { type Content, html, type Markup } from '../markup.ts';
import { px, textWidth } from './scale.ts';

export const LIGHT_COLOURS =
  '--surface:#ffffff;--raised:#f6f7f8;--ink:#16191d;--muted:#59616b;--line:#dfe3e7;--initial:#c45100;--refined:#00815e;--final:#0069a8;--final-refined:#7443b5;--accent:#0069a8;--warn:#8f4a00;--warn-ground:#fff6e9;--s0:#0069a8;--s1:#c45100;--s2:#00815e;--s3:#a8327a;--s4:#7a6200;--s5:#6a4fb3;--s6:#882255;--s7:#4d5660';
export const DARK_COLOURS =
  '--surface:#14171a;--raised:#1d2125;--ink:#eceff1;--muted:#a3adb6;--line:#343a40;--initial:#f0954a;--refined:#34c79b;--final:#62b8ee;--final-refined:#b99aec;--accent:#7cc4f2;--warn:#f3b562;--warn-ground:#2b2317;--s0:#62b8ee;--s1:#f0954a;--s2:#34c79b;--s3:#e58bc4;--s4:#e0c53f;--s5:#b3a0ee;--s6:#e07a9f;--s7:#a3adb6';

/** Colours for things that are not stages, such as the methods of a benchmark; lines beyond them are dashed. */
export const SERIES_COLOURS = 8;

/** Style of charts, for the page and for SVG files alike. */
export const CHART_STYLE = `
.chart{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-size:12px;font-variant-numeric:tabular-nums}
.chart text{fill:var(--ink)}
.chart .muted{fill:var(--muted)}
.chart .grid{stroke:var(--line);stroke-width:1}
.chart .line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.chart .whisker{stroke-width:2.5;stroke-linecap:round}
.chart .cut{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:4 3}
.chart .of-initial{--c:var(--initial)}.chart .of-refined{--c:var(--refined)}.chart .of-final{--c:var(--final)}.chart .of-finalRefined{--c:var(--final-refined)}
${Array.from({ length: SERIES_COLOURS }, (_, k) => `.chart .of-s${k}{--c:var(--s${k})}`).join('')}
.chart .band{fill:var(--c);opacity:.14}
.chart .dashed{stroke-dasharray:7 4}
.chart .fill{fill:var(--c)}.chart .stroke{stroke:var(--c)}
.chart .gap{stroke-width:2;opacity:.45}
.chart .ideal{stroke:var(--muted);stroke-width:1.2;stroke-dasharray:4 4}
.chart .pale{opacity:.35}
.chart .halo{stroke:var(--surface);stroke-width:1.5}`;

export interface ChartSize {
  /** Width in px at which the chart is shown; the height follows from what it shows. */
  readonly width: number;
}

/** The SVG element around a chart; `label` says in words what it shows, for those who do not see it. */
export function chartFrame(width: number, height: number, label: string, content: Content): Markup {
  return html`<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 ${width} ${px(height)}" width="${width}" height="${px(height)}" role="img" aria-label="${label}">${content}</svg>`;
}

/** A chart as a file of its own with a margin, that follows the light or dark scheme of whoever shows it. */
export function standaloneSvg(chart: Markup): string {
  const margin = 16;
  const style = `<style>svg{${LIGHT_COLOURS};background:var(--surface)}@media(prefers-color-scheme:dark){svg{${DARK_COLOURS}}}${CHART_STYLE}</style>`;
  const framed = chart.markup.replace(
    /viewBox="0 0 ([\d.]+) ([\d.]+)" width="[\d.]+" height="[\d.]+"/,
    (_, width, height) => {
      const [w, h] = [Number(width) + 2 * margin, Number(height) + 2 * margin];
      return `viewBox="${-margin} ${-margin} ${w} ${h}" width="${w}" height="${h}"`;
    },
  );
  return `${framed.replace('>', `>${style}`)}\n`;
}

/** The mark of a stage, centred at (x, y). */
export function stageMark(stage: Stage, x: number, y: number, radius = 5): Markup {
  const [cx, cy] = [px(x), px(y)];
  const style = `of-${stage} fill halo`;
  if (stage === 'initial') return html`<circle class="${style}" cx="${cx}" cy="${cy}" r="${radius}"/>`;
  const side = px(radius * 1.8);
  const turned =
    stage === 'refined' || stage === 'finalRefined' ? html` transform="rotate(45 ${cx} ${cy})"` : '';
  return html`<rect class="${style}" x="${px(x - side / 2)}" y="${px(y - side / 2)}" width="${side}" height="${side}"${turned}/>`;
}

/** One line that names the stages shown, from (x, y) to the right. */
export function stageLegend(stages: readonly Stage[], x: number, y: number): Markup {
  let at = x;
  const items = stages.map((stage) => {
    const item = html`${stageMark(stage, at + 5, y - 4)}<text x="${px(at + 15)}" y="${y}">${STAGE_TITLES[stage]}</text>`;
    at += 15 + textWidth(STAGE_TITLES[stage], 12) + 14;
    return item;
  });
  return html`<g>${items}</g>`;
}
