/** @file Drawing the grey image: tiles of the level that fits the screen, coloured by the window and then kept. */
import type { Size } from '../../../src/base/geometry.ts';
import { type GreyImage, type GreyWindow, levelFor, pyramid, windowColours } from './grey.ts';
import type { Viewport } from './viewport.ts';

/** Side of a picture tile in px of its level. */
const SIDE = 512;

/** Px of a tile beyond each of its sides, so that enlarging it needs no guess there and leaves no seam. */
const RIM = 1;

/** What colouring a tile may take. */
const TILE_MS = 5;

/** More tiles of a level, a megabyte each, are not coloured before they are seen. */
const MOST_AHEAD = 40;

/** The work on tiles to come that is left for when there is nothing else to do; there is one image on the page. */
let idle = 0;

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
  const tiles = new Map<string, Tile>();

  const nameOf = ({ level, column, row }: TilePlace): string => `${level}/${column}/${row}`;

  const hasColours = (place: TilePlace): boolean => tiles.get(nameOf(place))?.colours === colours;

  const coloured = (place: TilePlace): HTMLCanvasElement => {
    const { level, column, row } = place;
    const name = nameOf(place);
    const tile = tiles.get(name) ?? emptyTile(levels[level]!, column * SIDE - RIM, row * SIDE - RIM);
    tiles.set(name, tile);
    if (!hasColours(place)) colour(tile, levels[level]!, colours);
    return tile.canvas;
  };

  /** Colours the tiles that zooming further in or out would show, where the browser tells when it is idle. */
  const prepare = (viewport: Viewport, level: number, screen: Size): void => {
    if (!('requestIdleCallback' in globalThis)) return;
    cancelIdleCallback(idle);
    const next = [level - 1, level + 1, level - 2, level + 2]
      .filter((at) => levels[at] !== undefined)
      .map((at) => visibleTiles(at, levels[at]!, viewport, screen))
      .filter((places) => places.length <= MOST_AHEAD)
      .flat()
      .filter((place) => !hasColours(place));
    const some = (deadline: IdleDeadline): void => {
      while (next.length > 0 && deadline.timeRemaining() > TILE_MS) coloured(next.shift()!);
      if (next.length > 0) idle = requestIdleCallback(some);
    };
    if (next.length > 0) idle = requestIdleCallback(some);
  };

  return {
    paint: (canvas, viewport, window) => {
      if (shown?.low !== window.low || shown.high !== window.high) {
        shown = window;
        colours = windowColours(window, image.bits) as Uint32Array<ArrayBuffer>;
      }
      const { scale, x, y } = viewport;
      const level = levelFor(scale, levels.length);
      const { width, height } = levels[level]!;
      const grow = 2 ** level * scale;
      canvas.save();
      canvas.setTransform(1, 0, 0, 1, 0, 0);
      canvas.imageSmoothingEnabled = scale < SHARP_FROM;
      canvas.imageSmoothingQuality = 'low';
      for (const place of visibleTiles(level, levels[level]!, viewport, canvas.canvas)) {
        const picture = coloured(place);
        const [left, top] = [place.column * SIDE, place.row * SIDE];
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
        canvas.drawImage(picture, ...before, picture.width * grow, picture.height * grow);
        canvas.restore();
      }
      canvas.restore();
      prepare(viewport, level, canvas.canvas);
    },
  };
}

/** A tile of a level of the pyramid. */
interface TilePlace {
  readonly level: number;
  readonly column: number;
  readonly row: number;
}

/** The tiles of a level that reach onto the screen. */
function visibleTiles(level: number, { width, height }: Size, viewport: Viewport, screen: Size): TilePlace[] {
  const grow = 2 ** level * viewport.scale;
  const [firstColumn, lastColumn] = visible(viewport.x, grow, screen.width, width);
  const [firstRow, lastRow] = visible(viewport.y, grow, screen.height, height);
  const places: TilePlace[] = [];
  for (let row = firstRow; row <= lastRow; row++) {
    for (let column = firstColumn; column <= lastColumn; column++) places.push({ level, column, row });
  }
  return places;
}

/** The first and last tile of a row or column that reach onto the screen. */
function visible(offset: number, grow: number, screen: number, length: number): [number, number] {
  const last = Math.ceil(length / SIDE) - 1;
  const at = (position: number): number => Math.floor((position - offset) / grow / SIDE);
  return [Math.max(0, at(0)), Math.min(last, at(screen))];
}

/** A square of a level with its rim, `left` and `top` px into it, and the colours that it was drawn in. */
interface Tile {
  readonly left: number;
  readonly top: number;
  readonly canvas: HTMLCanvasElement;
  colours?: Uint32Array;
}

function emptyTile({ width, height }: GreyImage, left: number, top: number): Tile {
  const canvas = document.createElement('canvas');
  canvas.width = Math.min(SIDE, width - left - RIM) + 2 * RIM;
  canvas.height = Math.min(SIDE, height - top - RIM) + 2 * RIM;
  return { left, top, canvas };
}

/** The pixels of the tile that is being coloured; those of smaller tiles are in its upper left. */
const SCRATCH = new ImageData(SIDE + 2 * RIM, SIDE + 2 * RIM);

/** Beyond the image its last pixels go on. */
function colour(tile: Tile, { width, height, data }: GreyImage, colours: Uint32Array): void {
  const { left, top, canvas } = tile;
  const words = new Uint32Array(SCRATCH.data.buffer);
  const [first, last] = [Math.max(0, -left), Math.min(canvas.width, width - left)];
  for (let y = 0; y < canvas.height; y++) {
    const from = Math.min(height - 1, Math.max(0, top + y)) * width + left;
    const to = y * SCRATCH.width;
    for (let x = first; x < last; x++) words[to + x] = colours[data[from + x]!]!;
    words.fill(words[to + first]!, to, to + first);
    words.fill(words[to + last - 1]!, to + last, to + canvas.width);
  }
  canvas.getContext('2d')!.putImageData(SCRATCH, 0, 0);
  tile.colours = colours;
}
