/** @file Painting figures into a field of absorption, and the exact masks of those that are to be labelled. */
import type { BoxXyxy, Size } from '../../base/geometry.ts';
import { resizeMaps } from '../../imaging/resample.ts';
import { emptyMask, type Mask } from '../../masks/mask.ts';
import type { Family, Figure } from './figure.ts';
import { mapFigure } from './figure.ts';
import { type Patch, rasterise } from './raster.ts';
import type { Textures } from './texture.ts';

/** A labelled figure as painted. */
export interface Painted {
  readonly family: Family;
  readonly mask: Mask;
  /** Where in the image its pixels are, at most. */
  readonly window: BoxXyxy;
  /** Pixels it has, also those outside the image and under others. */
  readonly whole: number;
}

/** A picture in the making: painting changes the field and the masks. */
export interface Canvas {
  readonly size: Size;
  readonly textures: Textures;
  readonly field: Float32Array;
  readonly painted: Painted[];
}

/** Adds a figure as a projection does: absorption adds up, nothing is hidden. */
export function addFigure(canvas: Canvas, figure: Figure): void {
  const patch = rasterise(figure, canvas.size, canvas.textures);
  if (patch === undefined) return;
  blend(canvas, patch, 0, 0);
  label(canvas, figure, patch);
}

/** Paints a figure over what is there, which it hides; `level` is the absorption it stands for by itself. */
export function coverFigure(canvas: Canvas, figure: Figure, level: number): void {
  const patch = rasterise(figure, canvas.size, canvas.textures);
  if (patch === undefined) return;
  blend(canvas, patch, 1, level);
  for (const { mask } of canvas.painted) {
    forEachPixel(canvas, patch, (at, i) => {
      if (patch.mask[i] === 1) mask.data[at] = 0;
    });
  }
  label(canvas, figure, patch);
}

/** Adds large figures without a label, drawn at half the size: they are soft anyway. */
export function addBehind(canvas: Canvas, figures: readonly Figure[]): void {
  if (figures.length === 0) return;
  const size = { height: Math.ceil(canvas.size.height / 2), width: Math.ceil(canvas.size.width / 2) };
  const half: Canvas = { ...canvas, size, field: new Float32Array(size.height * size.width), painted: [] };
  for (const figure of figures) {
    const small = mapFigure(figure, ([x, y]) => [(x + 0.5) / 2 - 0.5, (y + 0.5) / 2 - 0.5]);
    const patch = rasterise(small, size, canvas.textures);
    if (patch !== undefined) blend(half, patch, 0, 0);
  }
  const full = resizeMaps(half.field, 1, size, canvas.size);
  for (let i = 0; i < full.length; i++) canvas.field[i]! += full[i]!;
}

/** Adds a figure that gets no label. */
export function addUnlabelled(canvas: Canvas, figure: Figure): void {
  const patch = rasterise(figure, canvas.size, canvas.textures);
  if (patch !== undefined) blend(canvas, patch, 0, 0);
}

function blend(canvas: Canvas, patch: Patch, opacity: number, level: number): void {
  const { field } = canvas;
  forEachPixel(canvas, patch, (at, i) => {
    const cover = opacity * patch.cover[i]!;
    field[at] = field[at]! * (1 - cover) + cover * level + patch.absorbed[i]!;
  });
}

function label(canvas: Canvas, figure: Figure, patch: Patch): void {
  const mask = emptyMask(canvas.size);
  forEachPixel(canvas, patch, (at, i) => {
    mask.data[at] = patch.mask[i]!;
  });
  const window: BoxXyxy = [
    Math.max(0, patch.left),
    Math.max(0, patch.top),
    Math.min(canvas.size.width, patch.left + patch.width) - 1,
    Math.min(canvas.size.height, patch.top + patch.height) - 1,
  ];
  canvas.painted.push({ family: figure.family, mask, window, whole: patch.area });
}

/** Visits the pixels that image and patch share, by their index in each. */
function forEachPixel(
  { size }: Canvas,
  patch: Patch,
  visit: (inImage: number, inPatch: number) => void,
): void {
  const [x0, x1] = [Math.max(0, patch.left), Math.min(size.width, patch.left + patch.width)];
  const [y0, y1] = [Math.max(0, patch.top), Math.min(size.height, patch.top + patch.height)];
  for (let y = y0; y < y1; y++) {
    let i = (y - patch.top) * patch.width + x0 - patch.left;
    for (let x = x0; x < x1; x++, i++) visit(y * size.width + x, i);
  }
}
