/**
 * @file One mask in its window of the image, with its seeds: each class is a problem of two labels in a window of
 * its own, so that masks which overlap before may overlap after.
 */
import type { Size } from '../base/geometry.ts';
import { labelComponents } from '../masks/components.ts';
import { cropMask } from '../masks/crop.ts';
import { squaredDistanceInside, squaredDistanceTo } from '../masks/distance.ts';
import { type Mask, maskBox } from '../masks/mask.ts';
import type { RandomWalkerSettings } from './settings.ts';

/** Labels of the problem; 0 is unseeded. */
export const FOREGROUND = 1;
export const BACKGROUND = 2;

/** A window of the image; all arrays are row-major over the window. */
export interface WalkerWindow extends Size {
  /** Column and row of its first pixel in the image. */
  readonly x0: number;
  readonly y0: number;
  /** Squared distance in px^2 of set pixels to the nearest unset one, and of unset ones to the nearest set one. */
  readonly inside: Float64Array;
  readonly outside: Float64Array;
  /** 1 on the seeds of the class: deeper inside the mask than the erosion; every component has some. */
  readonly core: Uint8Array;
}

/**
 * The window of a mask, wide enough for seeds of the background on all sides, and for `reach` px beyond the mask;
 * undefined for an empty mask.
 */
export function cutWindow(mask: Mask, settings: RandomWalkerSettings, reach = 0): WalkerWindow | undefined {
  const box = maskBox(mask);
  if (box === undefined) return undefined;
  const margin = Math.ceil(Math.max(settings.backgroundErosion, reach)) + 2;
  const x0 = Math.max(0, box[0] - margin);
  const y0 = Math.max(0, box[1] - margin);
  const x1 = Math.min(mask.width - 1, box[2] + margin);
  const y1 = Math.min(mask.height - 1, box[3] + margin);
  const cut = cropMask(mask, [x0, y0, x1, y1]);
  const inside = squaredDistanceInside(cut, false);
  const outside = squaredDistanceTo(cut);
  const core = erodeComponents(cut, inside, settings);
  return { x0, y0, height: cut.height, width: cut.width, inside, outside, core };
}

/** The pixels deeper inside than the erosion, which each component limits by its own depth, so that all keep some. */
function erodeComponents(mask: Mask, inside: Float64Array, settings: RandomWalkerSettings): Uint8Array {
  const { labels, count } = labelComponents(mask, 8);
  const deepest = new Float64Array(count + 1);
  for (let i = 0; i < labels.length; i++) deepest[labels[i]!] = Math.max(deepest[labels[i]!]!, inside[i]!);
  const limits = deepest.map((depth) => {
    const erosion = Math.min(settings.foregroundErosion, settings.foregroundErosionLimit * Math.sqrt(depth));
    return erosion * erosion;
  });
  return Uint8Array.from(inside, (value, i) => (value > limits[labels[i]!]! ? 1 : 0));
}

/** In how many windows each pixel of the image is a seed of the window's class, row-major over the image. */
export function countCores(windows: readonly (WalkerWindow | undefined)[], image: Size): Uint16Array {
  const counts = new Uint16Array(image.height * image.width);
  for (const window of windows) {
    if (window === undefined) continue;
    for (let y = 0; y < window.height; y++) {
      const row = (y + window.y0) * image.width + window.x0;
      for (let x = 0; x < window.width; x++) counts[row + x]! += window.core[y * window.width + x]!;
    }
  }
  return counts;
}

/**
 * Seeds: the core for the class; for the background what is farther outside than the erosion, and the cores of
 * other classes where they lie outside the mask (inside it they overlap, and stay open).
 */
export function plantSeeds(
  window: WalkerWindow,
  cores: Uint16Array,
  imageWidth: number,
  settings: RandomWalkerSettings,
): Uint8Array {
  const { x0, y0, height, width, outside, core } = window;
  const far = settings.backgroundErosion ** 2;
  const seeds = new Uint8Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      if (core[i] === 1) seeds[i] = FOREGROUND;
      else if (outside[i]! > far) seeds[i] = BACKGROUND;
      else if (outside[i]! > 0 && cores[(y + y0) * imageWidth + x + x0]! > 0) seeds[i] = BACKGROUND;
    }
  }
  return seeds;
}

/** Gives each region (set: 8-connected, unset: 4-connected) that holds no seed of its label to the other label. */
export function dropUnseededRegions(mask: Mask, seeds: Uint8Array): void {
  const unset: Mask = { ...mask, data: mask.data.map((value) => 1 - value) };
  flipUnseeded(mask, labelComponents(mask, 8).labels, seeds, FOREGROUND);
  flipUnseeded(mask, labelComponents(unset, 4).labels, seeds, BACKGROUND);
}

function flipUnseeded(mask: Mask, labels: Int32Array, seeds: Uint8Array, seedLabel: number): void {
  const seeded = new Set<number>();
  for (let i = 0; i < labels.length; i++) if (seeds[i] === seedLabel) seeded.add(labels[i]!);
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== 0 && !seeded.has(labels[i]!)) mask.data[i] = 1 - mask.data[i]!;
  }
}
