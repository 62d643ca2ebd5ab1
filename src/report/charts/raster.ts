/** @file Charts as PNG files, for programs that show no SVG. */
import sharp from 'sharp';
import { LIGHT_COLOURS } from '../colours.ts';
import type { Markup } from '../markup.ts';
import { standaloneSvg } from './frame.ts';

/** Pixels of the file for one of the chart. */
const SCALE = 2;

const COLOURS = new Map(
  LIGHT_COLOURS.split(';').map((each) => each.split(':') as [name: string, value: string]),
);

/** The chart in the light scheme on white. */
export async function chartPng(chart: Markup): Promise<Uint8Array> {
  return sharp(Buffer.from(withoutVariables(standaloneSvg(chart))), { density: 72 * SCALE })
    .flatten({ background: '#fff' })
    .png()
    .toBuffer();
}

/** librsvg knows no CSS variables: that of a series becomes the text colour of its marks, the others their values. */
function withoutVariables(svg: string): string {
  return svg
    .replace(/@media[^{]*\{svg\{[^}]*\}\}/, '')
    .replace(/svg\{[^}]*\}/, '')
    .replaceAll('--c:', 'color:')
    .replaceAll('var(--c)', 'currentColor')
    .replace(/var\((--[\w-]+)\)/g, (_, name: string) => COLOURS.get(name)!);
}
