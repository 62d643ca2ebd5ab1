/** @file The gallery: per case the image, the ground truth and what each stage made of it. */

import { PALETTE_SIZE } from '../../imaging/palette.ts';
import type { Gallery, GalleryCase, GalleryOutline, GalleryPanel, PromptMarks, Stage } from '../data.ts';
import { percent, STAGE_TITLES } from '../format.ts';
import { type Content, html, type Markup } from '../markup.ts';

type PanelKind = 'truth' | Stage;
const STAGES: readonly Stage[] = ['initial', 'refined', 'final', 'finalRefined'];
const KINDS: readonly PanelKind[] = ['truth', ...STAGES];

const TITLES: Readonly<Record<PanelKind, string>> = {
  truth: 'Ground truth',
  initial: 'Initial',
  refined: 'Prompts and refined',
  final: 'Final',
  finalRefined: 'Final, refined',
};

const ABSENT: Readonly<Record<PanelKind, string>> = {
  truth: 'No ground truth for this image',
  initial: 'Not predicted by the initial network',
  refined: 'Not refined',
  final: 'Not predicted by the final network',
  finalRefined: 'Not refined',
};

export function gallerySection({ note, cases }: Gallery): Markup {
  if (cases.length === 0) {
    return html`<section id="gallery"><h2>Gallery</h2><p>No image was kept for the gallery.</p></section>`;
  }
  const kinds = KINDS.filter((kind) => cases.some((shown) => shown[kind] !== undefined));
  return html`<section id="gallery"><h2>Gallery</h2><p>${note}</p>
<div class="switch"><label><input type="checkbox" id="show-masks" checked> masks and prompts</label>${
    kinds.includes('truth') && kinds.length > 1
      ? html`<label><input type="checkbox" id="show-edges"> outline of the ground truth on every picture</label>`
      : undefined
  }</div>
<p class="note" style="margin-top:12px">Click a picture to enlarge it; point at a structure to read its name, Dice and trust.</p>
<svg class="sprites" aria-hidden="true" focusable="false"><defs>${cases.map(sprites)}</defs></svg>
${cases.map((shown, index) => caseArticle(shown, index, kinds))}</section>`;
}

/** Picture and true outlines, kept once and used in every panel of the case. */
function sprites(shown: GalleryCase, index: number): Markup {
  return html`<image id="picture-${index}" href="${shown.picture}" width="${shown.width}" height="${shown.height}" preserveAspectRatio="none"/>${
    shown.truth &&
    html`<g id="edges-${index}" transform="scale(.5)">${shown.truth.outlines.map((outline) => html`<path class="edge" d="${outline.path}"/>`)}</g>`
  }`;
}

function caseArticle(shown: GalleryCase, index: number, kinds: readonly PanelKind[]): Markup {
  const scores = STAGES.flatMap((stage) => {
    const dice = shown[stage]?.dice;
    return dice === undefined || dice === null ? [] : `${STAGE_TITLES[stage].toLowerCase()} ${percent(dice)}`;
  });
  const figures = scores.length === 0 ? '' : `Dice: ${scores.join('; ')}`;
  return html`<article class="case" style="--columns:${kinds.length + 1};--ratio:${shown.width}/${shown.height}"><h3>${shown.fileName}<span>${shown.split}</span><span>${figures}</span></h3><div class="panels">
${picture(shown, index, 'Image', `${shown.fileName}, the image alone`, undefined, undefined)}
${kinds.map((kind) => panelFigure(shown, index, kind))}
</div></article>`;
}

/** Says that prompts are drawn only where there are any. */
function titleOf(kind: PanelKind, shown: GalleryCase): string {
  return kind === 'refined' && shown.prompts.length === 0 ? 'Refined' : TITLES[kind];
}

function panelFigure(shown: GalleryCase, index: number, kind: PanelKind): Markup {
  const panel = shown[kind];
  if (panel === undefined) {
    return html`<figure><div class="none">${ABSENT[kind]}</div><figcaption><b>${titleOf(kind, shown)}</b></figcaption></figure>`;
  }
  const marks = kind === 'refined' ? promptMarks(shown) : undefined;
  const edges =
    kind !== 'truth' && shown.truth ? html`<g class="edges"><use href="#edges-${index}"/></g>` : undefined;
  const overlay = html`<g class="overlay"><g transform="scale(.5)">${panel.outlines.map(maskPath)}</g>${marks}</g>${edges}`;
  const what = kind === 'truth' ? 'ground truth' : STAGE_TITLES[kind].toLowerCase();
  const dice = panel.dice === null ? '' : `, mean Dice ${percent(panel.dice)}`;
  return picture(
    shown,
    index,
    titleOf(kind, shown),
    `${shown.fileName}, ${what}: ${panel.outlines.length} structures${dice}`,
    overlay,
    panel,
  );
}

function picture(
  shown: GalleryCase,
  index: number,
  title: string,
  label: string,
  overlay: Content,
  panel: GalleryPanel | undefined,
): Markup {
  const { width, height } = shown;
  const score = panel?.dice === undefined || panel.dice === null ? undefined : html` ${percent(panel.dice)}`;
  return html`<figure><button type="button" class="zoom" aria-expanded="false" aria-label="Enlarge: ${label}"><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}"><use href="#picture-${index}"/>${overlay}</svg></button><figcaption><b>${title}</b>${score}${remarks(panel)}</figcaption></figure>`;
}

function remarks(panel: GalleryPanel | undefined): Markup | undefined {
  if (panel === undefined) return undefined;
  const parts = [named('missed', panel.missed), named('invented', panel.invented)].filter(
    (part) => part !== '',
  );
  return parts.length === 0 ? undefined : html`<br>${parts.join('; ')}`;
}

/** At most six names, so that an empty prediction of many classes stays readable. */
function named(what: string, names: readonly string[]): string {
  if (names.length === 0) return '';
  const shown = names.slice(0, 6).join(', ');
  return names.length > 6 ? `${what} ${shown} and ${names.length - 6} more` : `${what} ${shown}`;
}

function maskPath(outline: GalleryOutline): Markup {
  const figures = [
    ...(outline.dice === undefined ? [] : [`Dice ${percent(outline.dice)}`]),
    ...(outline.trust === undefined ? [] : [`trust ${percent(outline.trust)}`]),
  ];
  const title = figures.length === 0 ? outline.className : `${outline.className}: ${figures.join(', ')}`;
  return html`<path class="mask ${colourOf(outline.classIndex)}" d="${outline.path}"><title>${title}</title></path>`;
}

/** Boxes, positive seeds as rings, and negative seeds as crosses where no positive seed stands already. */
function promptMarks({ prompts, width }: GalleryCase): Markup {
  const positives = new Set(prompts.flatMap((prompt) => prompt.positive.map(String)));
  const crosses = new Map(
    prompts.flatMap((prompt) => prompt.negative.map((point) => [String(point), point] as const)),
  );
  const arm = width / 160;
  return html`<g class="prompts">${prompts.map(boxMark)}${[...crosses]
    .filter(([key]) => !positives.has(key))
    .map(([, [x, y]]) => {
      const d = `M${x + 0.5 - arm} ${y + 0.5 - arm}l${2 * arm} ${2 * arm}m0 ${-2 * arm}l${-2 * arm} ${2 * arm}`;
      return html`<path class="cross" d="${d}"/><path class="cross over" d="${d}"/>`;
    })}${prompts.flatMap((prompt) =>
    prompt.positive.map(([x, y]) => {
      const d = `M${x + 0.5} ${y + 0.5}h0`;
      return html`<path class="seed under" d="${d}"/><path class="seed positive" d="${d}"/>`;
    }),
  )}</g>`;
}

function boxMark({ classIndex, box }: PromptMarks): Markup | undefined {
  if (box === undefined) return undefined;
  const [x0, y0, x1, y1] = box;
  return html`<rect class="box ${colourOf(classIndex)}" x="${x0}" y="${y0}" width="${x1 - x0 + 1}" height="${y1 - y0 + 1}"/>`;
}

function colourOf(classIndex: number): string {
  return `k${classIndex % PALETTE_SIZE}`;
}
