/** @file Drawing the grey image: tiles of the level that fits the screen, coloured by the window and then kept. */
import { type GreyImage, type GreyWindow, levelFor, pyramid, windowColours } from './grey.ts';
import type { Viewport } from './viewport.ts';

/** Side of a picture tile in px of its level. */
const SIDE = 512;

/** Px of a tile beyond each of its sides, so that enlarging it needs no guess there and leaves no seam. */
const RIM = 1;

/** From here on single pixels are shown as squares. */
const SHARP_FROM = 6;

export interface ImagePainter {
  /** Draws what of the image is on the canvas. `viewport` is in px of the canvas. */
  paint(canvas: CanvasRenderingContext2D, viewport: Viewport, window: GreyWindow): void;
}

export function createImagePainter(image: GreyImage): ImagePainter {
  const levels = pyramid(image);
  let shown: GreyWindow | undefined;
  let colours = new Uint32Array();
  const tiles = new Map<string, HTMLCanvasElement>();

  const tileAt = (level: number, column: number, row: number): HTMLCanvasElement => {
    const name = `${level}/${column}/${row}`;
    const kept = tiles.get(name);
    if (kept !== undefined) return kept;
    const tile = colouredTile(levels[level]!, column * SIDE - RIM, row * SIDE - RIM, colours);
    tiles.set(name, tile);
    return tile;
  };

  return {
    paint: (canvas, { scale, x, y }, window) => {
      if (shown?.low !== window.low || shown.high !== window.high) {
        shown = window;
        colours = windowColours(window, image.bits) as Uint32Array<ArrayBuffer>;
        tiles.clear();
      }
      const level = levelFor(scale, levels.length);
      const { width, height } = levels[level]!;
      const grow = 2 ** level * scale;
      const [screenWidth, screenHeight] = [canvas.canvas.width, canvas.canvas.height];
      canvas.save();
      canvas.setTransform(1, 0, 0, 1, 0, 0);
      canvas.imageSmoothingEnabled = scale < SHARP_FROM;
      canvas.imageSmoothingQuality = 'medium';
      const [firstColumn, lastColumn] = visible(x, grow, screenWidth, width);
      const [firstRow, lastRow] = visible(y, grow, screenHeight, height);
      for (let row = firstRow; row <= lastRow; row++) {
        for (let column = firstColumn; column <= lastColumn; column++) {
          const tile = tileAt(level, column, row);
          const [left, top] = [column * SIDE, row * SIDE];
          const [x0, y0] = [Math.round(x + left * grow), Math.round(y + top * grow)];
          const [x1, y1] = [
            Math.round(x + Math.min(width, left + SIDE) * grow),
            Math.round(y + Math.min(height, top + SIDE) * grow),
          ];
          canvas.save();
          canvas.beginPath();
          canvas.rect(x0, y0, x1 - x0, y1 - y0);
          canvas.clip();
          const before = [x + (left - RIM) * grow, y + (top - RIM) * grow] as const;
          canvas.drawImage(tile, ...before, tile.width * grow, tile.height * grow);
          canvas.restore();
        }
      }
      canvas.restore();
    },
  };
}

/** The first and last tile of a row or column that reach onto the screen. */
function visible(offset: number, grow: number, screen: number, length: number): [number, number] {
  const last = Math.ceil(length / SIDE) - 1;
  const at = (position: number): number => Math.floor((position - offset) / grow / SIDE);
  return [Math.max(0, at(0)), Math.min(last, at(screen))];
}

/** The square of a tile with its rim; beyond the image its last pixels go on. */
function colouredTile(
  { width, height, data }: GreyImage,
  left: number,
  top: number,
  colours: Uint32Array,
): HTMLCanvasElement {
  const tile = document.createElement('canvas');
  tile.width = Math.min(SIDE, width - left - RIM) + 2 * RIM;
  tile.height = Math.min(SIDE, height - top - RIM) + 2 * RIM;
  const context = tile.getContext('2d')!;
  const pixels = context.createImageData(tile.width, tile.height);
  const words = new Uint32Array(pixels.data.buffer);
  for (let y = 0, at = 0; y < tile.height; y++) {
    const row = limited(top + y, height) * width;
    for (let x = 0; x < tile.width; x++, at++) words[at] = colours[data[row + limited(left + x, width)]!]!;
  }
  context.putImageData(pixels, 0, 0);
  return tile;
}

const limited = (at: number, length: number): number => (at < 0 ? 0 : at < length ? at : length - 1);
