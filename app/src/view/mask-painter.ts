/** @file Drawing masks: the fill of each tile is kept as a picture and its outline as a path until the tile changes. */
import { outlineSources, outlineTiles, tileOutline } from '../masks/outline.ts';
import { TILE, type Tile, type TiledMask, tilesAcross } from '../masks/tiled-mask.ts';
import type { Viewport } from './viewport.ts';

export interface MaskStyle {
  /** `r, g, b`, 0..255. */
  readonly colour: readonly [number, number, number];
  /** Of the fill, 0..1; 0 draws none. */
  readonly fill: number;
  /** Width of the outline in px of the screen; 0 draws none. */
  readonly outline: number;
  /** A dark line under the outline, which sets the mask apart that is worked on. */
  readonly halo: boolean;
}

interface KeptOutline {
  readonly sources: readonly (Tile | undefined)[];
  readonly path: Path2D;
}

/** Fills by tile and colour: tiles never change, so a fill once drawn stays right. */
const fills = new WeakMap<Tile, Map<string, HTMLCanvasElement>>();
/** Outlines by the mask's tiles, handed from one state of a mask to the next by `slot`. */
const outlines = new Map<string, Map<number, KeptOutline>>();

/** Forgets the outlines of the last image. */
export function forgetOutlines(): void {
  outlines.clear();
}

/** Draws a mask; `slot` names what is drawn from frame to frame, such as a class of a layer. */
export function paintMask(
  canvas: CanvasRenderingContext2D,
  mask: TiledMask,
  slot: string,
  style: MaskStyle,
  viewport: Viewport,
): void {
  if (style.fill > 0) paintFill(canvas, mask, style, viewport);
  if (style.outline > 0) paintOutline(canvas, mask, slot, style, viewport);
}

function paintFill(
  canvas: CanvasRenderingContext2D,
  mask: TiledMask,
  { colour, fill }: MaskStyle,
  { scale, x, y }: Viewport,
): void {
  const across = tilesAcross(mask);
  const { width, height } = canvas.canvas;
  canvas.save();
  canvas.setTransform(1, 0, 0, 1, 0, 0);
  canvas.globalAlpha = fill;
  canvas.imageSmoothingEnabled = scale < 1;
  for (const [index, tile] of mask.tiles) {
    const [left, top] = [(index % across) * TILE, Math.floor(index / across) * TILE];
    // Whole px of the screen, so that neighbouring tiles leave no seam.
    const [x0, y0] = [Math.round(x + left * scale), Math.round(y + top * scale)];
    const [x1, y1] = [Math.round(x + (left + TILE) * scale), Math.round(y + (top + TILE) * scale)];
    if (x1 <= 0 || y1 <= 0 || x0 >= width || y0 >= height) continue;
    canvas.drawImage(fillOf(tile, colour), x0, y0, x1 - x0, y1 - y0);
  }
  canvas.restore();
}

function fillOf(tile: Tile, [red, green, blue]: MaskStyle['colour']): HTMLCanvasElement {
  const name = `${red},${green},${blue}`;
  const byColour = fills.get(tile) ?? new Map<string, HTMLCanvasElement>();
  fills.set(tile, byColour);
  const kept = byColour.get(name);
  if (kept !== undefined) return kept;
  const picture = document.createElement('canvas');
  picture.width = picture.height = TILE;
  const context = picture.getContext('2d')!;
  const pixels = context.createImageData(TILE, TILE);
  const words = new Uint32Array(pixels.data.buffer);
  const word = ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  for (let i = 0; i < tile.length; i++) if (tile[i] === 1) words[i] = word;
  context.putImageData(pixels, 0, 0);
  byColour.set(name, picture);
  return picture;
}

function paintOutline(
  canvas: CanvasRenderingContext2D,
  mask: TiledMask,
  slot: string,
  { colour, outline, halo }: MaskStyle,
  viewport: Viewport,
): void {
  const paths = pathsOf(mask, slot);
  canvas.save();
  canvas.setTransform(viewport.scale, 0, 0, viewport.scale, viewport.x, viewport.y);
  canvas.lineCap = 'square';
  const stroke = (style: string, width: number): void => {
    canvas.strokeStyle = style;
    canvas.lineWidth = width / viewport.scale;
    for (const path of paths) canvas.stroke(path);
  };
  if (halo) stroke('rgba(0, 0, 0, 0.75)', outline * 2.4);
  stroke(`rgb(${colour.join(' ')})`, outline);
  canvas.restore();
}

/** The outlines of the tiles of a mask; those are traced anew whose pixels or neighbours changed. */
function pathsOf(mask: TiledMask, slot: string): Path2D[] {
  const kept = outlines.get(slot) ?? new Map<number, KeptOutline>();
  const now = new Map<number, KeptOutline>();
  for (const index of outlineTiles(mask)) {
    const sources = outlineSources(mask, index);
    const before = kept.get(index);
    const isSame = before?.sources.every((tile, i) => tile === sources[i]) ?? false;
    now.set(index, isSame ? before! : { sources, path: pathOf(tileOutline(mask, index)) });
  }
  outlines.set(slot, now);
  return [...now.values()].map(({ path }) => path);
}

function pathOf(lines: readonly number[]): Path2D {
  const path = new Path2D();
  for (let i = 0; i < lines.length; i += 4) {
    path.moveTo(lines[i]!, lines[i + 1]!);
    path.lineTo(lines[i + 2]!, lines[i + 3]!);
  }
  return path;
}
