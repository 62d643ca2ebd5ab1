/** @file Masks and prompts drawn over an image: outlines, translucent fill, boxes, points with + and -. */
import type { BoxXyxy, PointXy } from '../base/geometry.ts';
import type { ByteGrid } from './byte-grid.ts';
import type { Image } from './image.ts';
import { classColour, type Rgb } from './palette.ts';
import type { RgbImage } from './rgb.ts';

export interface OverlayMask {
  /** Chooses the colour. */
  readonly classIndex: number;
  /** Of the image's size, 0 or 1. */
  readonly mask: ByteGrid;
}

export interface OverlayPrompt {
  /** Chooses the colour of the box. */
  readonly classIndex: number;
  readonly box?: BoxXyxy;
  readonly points?: readonly { readonly xy: PointXy; readonly positive: boolean }[];
}

export interface OverlayOptions {
  readonly masks?: readonly OverlayMask[];
  readonly prompts?: readonly OverlayPrompt[];
  /** How much of the colour a mask's inside gets, 0..1. Default 0.3. */
  readonly opacity?: number;
  /** Thickness of outlines and boxes in px. Default: a 600th of the longer side, at least 1. */
  readonly lineWidth?: number;
}

const WHITE: Rgb = [255, 255, 255];
const BLACK: Rgb = [0, 0, 0];

/** Share of pixels that a window leaves out at each end. */
const WINDOW_TAIL = 0.005;

/** The image in grey with masks and prompts over it, prompts on top. */
export function renderOverlay(image: Image, options: OverlayOptions = {}): RgbImage {
  const picture = toRgb(image);
  const line = options.lineWidth ?? Math.max(1, Math.round(Math.max(image.width, image.height) / 600));
  for (const { classIndex, mask } of options.masks ?? []) {
    paintMask(picture, mask, classColour(classIndex), options.opacity ?? 0.3, line);
  }
  for (const { classIndex, box } of options.prompts ?? []) {
    if (box !== undefined) paintBox(picture, box, classColour(classIndex), line);
  }
  for (const { points } of options.prompts ?? []) {
    for (const { xy, positive } of points ?? []) paintPoint(picture, xy, positive, 3 * line + 1);
  }
  return picture;
}

/** An image as RGB: bytes as they are, 16 bits windowed between the 0.5th and 99.5th percentile. */
export function toRgb(image: Image): RgbImage {
  const { height, width, data } = image;
  const [low, high] = image.bits === 8 ? [0, 255] : percentileWindow(data);
  const scale = 255 / Math.max(1, high - low);
  const rgb = new Uint8Array(height * width * 3);
  for (let i = 0, at = 0; i < data.length; i++, at += 3) {
    const value = Math.min(255, Math.max(0, Math.round((data[i]! - low) * scale)));
    rgb[at] = rgb[at + 1] = rgb[at + 2] = value;
  }
  return { height, width, data: rgb };
}

function percentileWindow(data: Uint8Array | Uint16Array): [low: number, high: number] {
  const histogram = new Uint32Array(65536);
  for (let i = 0; i < data.length; i++) histogram[data[i]!]! += 1;
  const tail = data.length * WINDOW_TAIL;
  let low = 0;
  for (let below = histogram[0]!; below <= tail && low < 65535; ) below += histogram[++low]!;
  let high = 65535;
  for (let above = histogram[65535]!; above <= tail && high > low; ) above += histogram[--high]!;
  return [low, high];
}

/** A pixel is outline when something within `line` px along a row or column is outside the mask. */
function paintMask(picture: RgbImage, mask: ByteGrid, colour: Rgb, opacity: number, line: number): void {
  const { width, height, data } = mask;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (data[i] === 0) continue;
      const inside =
        x >= line &&
        x + line < width &&
        y >= line &&
        y + line < height &&
        data[i - line] === 1 &&
        data[i + line] === 1 &&
        data[i - line * width] === 1 &&
        data[i + line * width] === 1;
      blend(picture, i * 3, colour, inside ? opacity : 1);
    }
  }
}

/** A dashed box, so that it is not taken for an outline; dark between the dashes, so that it shows on bone. */
function paintBox(picture: RgbImage, box: BoxXyxy, colour: Rgb, line: number): void {
  const [x0, y0, x1, y1] = box.map(Math.round) as [number, number, number, number];
  const dash = 6 * line;
  const side = (at: number): Rgb => (Math.floor(at / dash) % 2 === 0 ? colour : BLACK);
  for (let t = 0; t < line; t++) {
    for (let x = x0; x <= x1; x++) {
      put(picture, x, y0 + t, side(x - x0));
      put(picture, x, y1 - t, side(x - x0));
    }
    for (let y = y0; y <= y1; y++) {
      put(picture, x0 + t, y, side(y - y0));
      put(picture, x1 - t, y, side(y - y0));
    }
  }
}

/** A disc with its sign: black + on white inside the object, white - on black outside it. */
function paintPoint(picture: RgbImage, [px, py]: PointXy, positive: boolean, radius: number): void {
  const [cx, cy] = [Math.round(px), Math.round(py)];
  const [fill, ink] = positive ? [WHITE, BLACK] : [BLACK, WHITE];
  const stroke = Math.max(0, Math.floor(radius / 6));
  const arm = Math.round(radius * 0.6);
  for (let dy = -radius; dy <= radius; dy++) {
    for (let dx = -radius; dx <= radius; dx++) {
      const distance = Math.hypot(dx, dy);
      if (distance > radius) continue;
      const bar = Math.abs(dy) <= stroke && Math.abs(dx) <= arm;
      const upright = positive && Math.abs(dx) <= stroke && Math.abs(dy) <= arm;
      const rim = distance > radius - 1;
      put(picture, cx + dx, cy + dy, bar || upright || rim ? ink : fill);
    }
  }
}

function put(picture: RgbImage, x: number, y: number, colour: Rgb): void {
  if (x < 0 || y < 0 || x >= picture.width || y >= picture.height) return;
  blend(picture, (y * picture.width + x) * 3, colour, 1);
}

function blend({ data }: RgbImage, at: number, [red, green, blue]: Rgb, opacity: number): void {
  data[at] = data[at]! + (red - data[at]!) * opacity;
  data[at + 1] = data[at + 1]! + (green - data[at + 1]!) * opacity;
  data[at + 2] = data[at + 2]! + (blue - data[at + 2]!) * opacity;
}
