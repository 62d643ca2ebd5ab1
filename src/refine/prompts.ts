/**
 * @file Prompts from masks: per class a tight box, a positive seed among the pixels of this class alone, and the
 * positive seeds of other classes as negative ones.
 */
import type { BoxXyxy, PointXy } from '../base/geometry.ts';
import { deepestPixel } from '../masks/distance.ts';
import { type Mask, maskArea, maskBox } from '../masks/mask.ts';
import { close, dilate, erode, open } from '../masks/morphology.ts';
import { countCoverage } from '../masks/overlap.ts';
import type { InitialMask } from './refiner.ts';
import type { RefineSettings } from './settings.ts';

export interface ClassPrompt {
  readonly box: BoxXyxy;
  /** Absent where other classes cover the mask wholly. */
  readonly positive?: PointXy;
  readonly negatives: readonly PointXy[];
  /** Whether the positive seed lies on a pixel of this class alone: the centroid of a concave shape need not. */
  readonly seedInside: boolean;
}

export interface PreparedMask {
  readonly initial: InitialMask;
  /** The mask after morphology. */
  readonly mask: Mask;
  readonly prompt?: ClassPrompt;
  /** Why there is no prompt, where there is none; covered: a pass asks for a seed, and no pixel is this class's own. */
  readonly noPrompt?: 'empty' | 'covered';
}

type PromptSettings = Pick<RefineSettings, 'morphology' | 'seed' | 'negatives' | 'passes'>;

/** The prompt of each initial mask, in their order; all masks have one size. */
export function preparePrompts(initial: readonly InitialMask[], settings: PromptSettings): PreparedMask[] {
  const masks = initial.map(({ mask }) => applyMorphology(mask, settings.morphology));
  const sources = settings.morphology.reachesRefiner ? masks : initial.map(({ mask }) => mask);
  const coverage = countCoverage(sources);
  const seeds = sources.map((mask) => findSeed(mask, coverage, settings.seed));
  const needsSeed = settings.passes.some(({ points }) => points !== 'none');
  return initial.map((item, k): PreparedMask => {
    const mask = masks[k]!;
    const box = maskBox(sources[k]!);
    if (box === undefined) return { initial: item, mask, noPrompt: 'empty' };
    const seed = seeds[k];
    if (seed === undefined) {
      if (needsSeed) return { initial: item, mask, noPrompt: 'covered' };
      return { initial: item, mask, prompt: { box, negatives: [], seedInside: false } };
    }
    const others = seeds.flatMap((other, j) => (other === undefined || j === k ? [] : [other.xy]));
    const negatives = chooseNegatives(seed.xy, others, settings.negatives);
    return {
      initial: item,
      mask,
      prompt: { box, positive: seed.xy, negatives, seedInside: seed.inside },
    };
  });
}

/** The mask after the operation that the settings name. */
export function applyMorphology(mask: Mask, settings: RefineSettings['morphology']): Mask {
  const { operation, element, radius } = settings;
  if (operation === 'none') return mask;
  const apply = { erosion: erode, dilation: dilate, opening: open, closing: close }[operation];
  return apply(mask, element, radius);
}

interface Seed {
  readonly xy: PointXy;
  readonly inside: boolean;
}

/** The positive seed, or undefined where no pixel belongs to this mask alone. */
function findSeed(mask: Mask, coverage: Uint16Array, kind: RefineSettings['seed']): Seed | undefined {
  const alone: Mask = { ...mask, data: mask.data.map((value, i) => (coverage[i] === 1 ? value : 0)) };
  if (kind === 'interior') {
    const xy = deepestPixel(alone);
    return xy && { xy, inside: true };
  }
  const area = maskArea(alone);
  if (area === 0) return undefined;
  let sumX = 0;
  let sumY = 0;
  for (let y = 0; y < mask.height; y++) {
    for (let x = 0; x < mask.width; x++) {
      const value = alone.data[y * mask.width + x]!;
      sumX += value * x;
      sumY += value * y;
    }
  }
  const xy: PointXy = [Math.round(sumX / area), Math.round(sumY / area)];
  return { xy, inside: alone.data[xy[1] * mask.width + xy[0]] === 1 };
}

/** All seeds in class order, or the k nearest to the positive one, the nearest first. */
function chooseNegatives(
  positive: PointXy,
  others: readonly PointXy[],
  rule: RefineSettings['negatives'],
): readonly PointXy[] {
  if (rule === 'all') return others;
  const distance = ([x, y]: PointXy): number => Math.hypot(x - positive[0], y - positive[1]);
  return [...others].sort((a, b) => distance(a) - distance(b)).slice(0, rule.nearest);
}
