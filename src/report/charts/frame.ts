/**
 * @file What every chart shares: the SVG element, its style and its legend. Stages differ by shape too: circle,
 * diamond, square.
 */
import { DARK_COLOURS, LIGHT_COLOURS } from '../colours.ts';
import type { Stage } from '../data.ts';
import { STAGE_TITLES } from '../format.ts';
import { type Content, html, type Markup } from '../markup.ts';
import { px, textWidth } from './scale.ts';

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
