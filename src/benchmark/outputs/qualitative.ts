/**
 * @file The figure of a paper that shows rather than counts: some images, a row each, with the contours of the truth and of
 * each method beside each other, and the Dice of each below it.
 */
import sharp from 'sharp';
import type { Structure } from '../../annotations/types.ts';
import type { Image } from '../../imaging/image.ts';
import { toRgb } from '../../imaging/overlay.ts';
import { classColour } from '../../imaging/palette.ts';
import { decodeRle, rleArea } from '../../masks/rle.ts';
import { fitted } from '../../report/charts/scale.ts';
import { percent } from '../../report/format.ts';
import { html, type Markup } from '../../report/markup.ts';
import { outlinePath } from '../../report/outline.ts';

/** One image of the figure. */
export interface ShownImage {
  readonly name: string;
  readonly image: Image;
  /** The truth first; contours in the frame of the image. */
  readonly panels: readonly ShownPanel[];
}

export interface ShownPanel {
  readonly structures: readonly Structure[];
  /** Mean over the structures of the image, [0, 1]; absent for the truth. */
  readonly dice?: number | null;
}

/** The figure and what it shows, a sentence. */
export interface Examples {
  readonly png: Uint8Array;
  readonly caption: string;
}

/** Width of a panel in px; sized for a page of eight. */
const PANEL = 320;
const GAP = 8;
const LINE = 22;
/** Of contours, in half px as their paths are. */
const LINE_WIDTH = 3;

/** A PNG with a column for the image and for each title, and a row for each image. */
export async function renderQualitative(
  titles: readonly string[],
  images: readonly ShownImage[],
): Promise<Uint8Array> {
  const columns = ['Image', ...titles];
  const width = columns.length * (PANEL + GAP) + GAP;
  const heads = columns.map((title, c) => text(left(c) + PANEL / 2, LINE, fitted(title, 14, PANEL), 'bold'));
  let y = LINE + GAP;
  const rows: Markup[] = [];
  for (const shown of images) {
    const { image, name, panels } = shown;
    const scale = PANEL / image.width;
    const height = Math.round(image.height * scale);
    const picture = await pictureUri(image, height);
    const below = y + height + LINE - 6;
    rows.push(
      html`${tile(0, y, height, picture, scale, [])}${text(PANEL / 2 + GAP, below, fitted(name, 12, PANEL))}`,
    );
    for (const [p, { structures, dice }] of panels.entries()) {
      rows.push(tile(p + 1, y, height, picture, scale, structures));
      if (dice !== undefined) rows.push(text(left(p + 1) + PANEL / 2, below, `Dice ${percent(dice)}`));
    }
    y += height + LINE + GAP;
  }
  const svg = html`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y}" font-family="sans-serif"><rect width="100%" height="100%" fill="#fff"/>${heads}${rows}</svg>`;
  return sharp(Buffer.from(svg.markup)).png({ palette: false }).toBuffer();
}

const left = (column: number): number => GAP + column * (PANEL + GAP);

function text(x: number, y: number, content: string, weight = 'normal'): Markup {
  return html`<text x="${x}" y="${y}" text-anchor="middle" font-size="${weight === 'bold' ? 14 : 12}" font-weight="${weight}">${content}</text>`;
}

function tile(
  column: number,
  y: number,
  height: number,
  picture: string,
  scale: number,
  structures: readonly Structure[],
): Markup {
  const outlines = structures
    .filter(({ rle }) => rleArea(rle) > 0)
    .map(
      ({ rle, classIndex }) =>
        html`<path d="${outlinePath(decodeRle(rle))}" fill="none" stroke="rgb(${classColour(classIndex).join(',')})" stroke-width="${LINE_WIDTH / scale}" stroke-linejoin="round"/>`,
    );
  return html`<g transform="translate(${left(column)} ${y})"><image href="${picture}" width="${PANEL}" height="${height}"/><g transform="scale(${scale / 2})">${outlines}</g></g>`;
}

async function pictureUri(image: Image, height: number): Promise<string> {
  const { data, ...size } = toRgb(image);
  const png = await sharp(data, { raw: { ...size, channels: 3 } })
    .resize(PANEL, height, { fit: 'fill' })
    .png()
    .toBuffer();
  return `data:image/png;base64,${png.toString('base64')}`;
}
