/**
 * @file From a figure to pixels: how much of each pixel it covers, which pixels are its own, and what it absorbs.
 * A patch is a window of the image, or reaches beyond it where the figure does.
 */
import type { Size } from '../../base/geometry.ts';
import { squaredDistanceTo } from '../../masks/distance.ts';
import { boxBlur } from '../drawing/texture.ts';
import type { Figure, Inlay } from './figure.ts';
import { sampleTexture, type Textures } from './texture.ts';

/** A window of height x width px whose first pixel is pixel (left, top) of the image, which may lie outside. */
export interface Patch extends Size {
  readonly left: number;
  readonly top: number;
  /** 1 where the figure covers at least half of the pixel: its exact mask. */
  readonly mask: Uint8Array;
  /** Pixels of the mask. */
  readonly area: number;
  /** Share of the pixel that is covered, after the figure's own blur. */
  readonly cover: Float32Array;
  /** Absorption, blurred alike: a figure of density 1 gives about 1. */
  readonly absorbed: Float32Array;
}

type Window = Pick<Patch, 'left' | 'top' | 'height' | 'width'>;

/** Lines a pixel row is cut into for coverage. */
const SUB_ROWS = 4;

/** The patch of a figure, or undefined where it does not reach into the image. */
export function rasterise(figure: Figure, size: Size, textures: Textures): Patch | undefined {
  const window = windowOf(figure, size);
  if (window === undefined) return undefined;
  const crisp = coverage(figure.outlines, window);
  if (figure.holes.length > 0) {
    const hole = coverage(figure.holes, window);
    for (let i = 0; i < crisp.length; i++) crisp[i]! *= 1 - hole[i]!;
  }
  const mask = new Uint8Array(crisp.length);
  let area = 0;
  for (let i = 0; i < crisp.length; i++) {
    if (crisp[i]! < 0.5) continue;
    mask[i] = 1;
    area++;
  }
  const depth = depthOf(mask, window);
  const absorbed = absorption(figure, window, mask, crisp, depth, textures);
  // What is thin would be blurred away.
  const softness = Math.min(figure.material.softness, 0.35 * depth.deepest);
  const cover = blurred(crisp, window, softness);
  return { ...window, mask, area, cover, absorbed: blurred(absorbed, window, softness) };
}

/** The box of the outlines with a margin, cut where it leaves the image by more than a tenth of it. */
function windowOf({ outlines, material }: Figure, size: Size): Window | undefined {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const outline of outlines) {
    for (let i = 0; i < outline.length; i += 2) {
      x0 = Math.min(x0, outline[i]!);
      x1 = Math.max(x1, outline[i]!);
      y0 = Math.min(y0, outline[i + 1]!);
      y1 = Math.max(y1, outline[i + 1]!);
    }
  }
  if (!(x1 >= 0 && y1 >= 0 && x0 <= size.width && y0 <= size.height)) return undefined;
  const margin = 2 + Math.ceil(2 * material.softness + material.halo.width);
  const [beyondX, beyondY] = [Math.ceil(size.width / 10), Math.ceil(size.height / 10)];
  const left = Math.max(Math.floor(x0) - margin, -beyondX);
  const top = Math.max(Math.floor(y0) - margin, -beyondY);
  const right = Math.min(Math.ceil(x1) + margin, size.width + beyondX);
  const bottom = Math.min(Math.ceil(y1) + margin, size.height + beyondY);
  return { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/** The share of each pixel of the window that lies in the union of the outlines (even-odd rule within each). */
function coverage(outlines: readonly Float64Array[], window: Window): Float32Array {
  const out = new Float32Array(window.height * window.width);
  for (const [n, outline] of outlines.entries()) {
    if (n === 0) {
      addCoverage(out, outline, window);
      continue;
    }
    const other = new Float32Array(out.length);
    addCoverage(other, outline, window);
    for (let i = 0; i < out.length; i++) if (other[i]! > out[i]!) out[i] = other[i]!;
  }
  return out;
}

function addCoverage(out: Float32Array, outline: Float64Array, window: Window): void {
  const { left, top, width, height } = window;
  const n = outline.length;
  /** Crossings of every sub-row, in no order. */
  const crossings: number[][] = Array.from({ length: height * SUB_ROWS }, () => []);
  for (let i = 0; i < n; i += 2) {
    const j = i + 2 < n ? i + 2 : 0;
    // In sub-rows: line s lies at (s + 0.5) / SUB_ROWS - 0.5 of the window's rows.
    const a = (outline[i + 1]! - top + 0.5) * SUB_ROWS - 0.5;
    const b = (outline[j + 1]! - top + 0.5) * SUB_ROWS - 0.5;
    if (a === b) continue;
    const [x, slope] = [outline[i]! - left, (outline[j]! - outline[i]!) / (b - a)];
    const first = Math.max(0, Math.ceil(Math.min(a, b)));
    const end = Math.min(crossings.length, Math.ceil(Math.max(a, b)));
    for (let line = first; line < end; line++) crossings[line]!.push(x + slope * (line - a));
  }
  for (let line = 0; line < crossings.length; line++) {
    const row = crossings[line]!;
    if (row.length === 0) continue;
    row.sort((p, q) => p - q);
    const start = Math.floor(line / SUB_ROWS) * width;
    for (let k = 0; k + 1 < row.length; k += 2) addSpan(out, start, width, row[k]! + 0.5, row[k + 1]! + 0.5);
  }
}

/** Adds a span of one sub-row; pixel x reaches from x to x + 1. */
function addSpan(out: Float32Array, start: number, width: number, from: number, to: number): void {
  const [a, b] = [Math.max(from, 0), Math.min(to, width)];
  if (a >= b) return;
  const [first, last] = [Math.floor(a), Math.min(Math.floor(b), width - 1)];
  const share = 1 / SUB_ROWS;
  if (first === last) {
    out[start + first]! += (b - a) * share;
    return;
  }
  out[start + first]! += (first + 1 - a) * share;
  for (let x = first + 1; x < last; x++) out[start + x]! += share;
  out[start + last]! += (b - last) * share;
}

function absorption(
  figure: Figure,
  window: Window,
  mask: Uint8Array,
  cover: Float32Array,
  { depth, deepest }: Depth,
  textures: Textures,
): Float32Array {
  const { material } = figure;
  const { density, dome, rim, texture, tilt, halo } = material;
  const { left, top, width, height } = window;
  const inside = inlayGains(figure.inlays, window);
  const [sin, cos] = [Math.sin(figure.turn), Math.cos(figure.turn)];
  const lookUp = sampleTexture(textures, texture.name);
  const [perAlong, perAcross] = [1 / texture.px[0], 1 / texture.px[1]];
  // Each figure shows another part of the texture.
  const [offsetU, offsetV] = [7.31 * left, 5.77 * top];
  const reach = 1 / Math.hypot(width, height);
  const [tiltAlong, tiltAcross] = [2 * tilt[0] * reach, 2 * tilt[1] * reach];
  const out = new Float32Array(mask.length);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (cover[i]! <= 0) continue;
      const [px, py] = [x - width / 2, y - height / 2];
      const along = py * cos - px * sin;
      const across = px * cos + py * sin;
      const u = depth[i]! / deepest;
      let value = thickness(u, dome) + rim.gain * wall(u, rim.width);
      if (texture.gain > 0)
        value *= 1 + texture.gain * lookUp(along * perAlong + offsetU, across * perAcross + offsetV);
      value *= Math.max(0.15, 1 + tiltAlong * along + tiltAcross * across);
      if (inside !== undefined) value = Math.max(0.02, value + inside[i]!);
      out[i] = density * value * cover[i]!;
    }
  }
  if (halo.width > 0) addHalo(out, window, mask, cover, density * halo.gain, halo.width);
  return out;
}

/** How much of its full thickness a figure has at a depth. */
function thickness(u: number, dome: number): number {
  if (u >= dome) return 1;
  const short = 1 - u / dome;
  return Math.sqrt(Math.max(0, 1 - short * short));
}

/** A tube's wall in projection: rises steeply from the rim, is greatest at the wall's depth, falls off slowly. */
function wall(u: number, width: number): number {
  if (u < width) return Math.sqrt(u / width);
  const beyond = (u - width) / width;
  return 1 / (1 + 3 * beyond * beyond);
}

/** Distance to the outline in px at every pixel, smoothed a little, and the greatest. */
interface Depth {
  readonly depth: Float32Array;
  readonly deepest: number;
}

function depthOf(mask: Uint8Array, window: Window): Depth {
  const squared = squaredDistanceTo({ ...window, data: complement(mask) });
  const raw = new Float32Array(squared.length);
  let deepest = 1;
  for (let i = 0; i < raw.length; i++) {
    // A window that the figure fills has no outline in it.
    raw[i] = Math.sqrt(Math.min(squared[i]!, 1e8));
    if (raw[i]! > deepest) deepest = raw[i]!;
  }
  return { depth: boxBlur(raw, window, 1), deepest };
}

function complement(mask: Uint8Array): Uint8Array {
  const out = new Uint8Array(mask.length);
  for (let i = 0; i < mask.length; i++) out[i] = 1 - mask[i]!;
  return out;
}

function inlayGains(inlays: readonly Inlay[], window: Window): Float32Array | undefined {
  let sum: Float32Array | undefined;
  for (const { outline, gain, softness } of inlays) {
    const part = blurred(coverage([outline], window), window, softness);
    sum ??= new Float32Array(part.length);
    for (let i = 0; i < part.length; i++) sum[i]! += gain * part[i]!;
  }
  return sum;
}

/** Adds a seam just outside the figure. */
function addHalo(
  out: Float32Array,
  window: Window,
  mask: Uint8Array,
  cover: Float32Array,
  gain: number,
  width: number,
): void {
  const squared = squaredDistanceTo({ ...window, data: mask });
  for (let i = 0; i < out.length; i++) {
    const share = 1 - (Math.sqrt(squared[i]!) - 0.5) / width;
    if (share > 0) out[i]! += gain * Math.min(1, 1.5 * share) * (1 - cover[i]!);
  }
}

/** Two box blurs of together about the given standard deviation in px; below half a pixel nothing changes. */
function blurred(values: Float32Array, window: Window, softness: number): Float32Array {
  if (softness < 0.5) return values;
  const radius = Math.max(1, Math.round(softness * 1.1));
  return boxBlur(boxBlur(values, window, radius), window, radius);
}
