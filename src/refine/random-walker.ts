/**
 * @file Refinement by the random walker: the eroded mask and the eroded complement are seeds, the band between them
 * is decided by the edges of the image, with the initial mask as a weak prior.
 *
 * Two things go beyond the published weights exp(-(dI)^2 / sigma^2). A walker is drawn to the longer of the two
 * seed borders, which lies outside, so masks shrink wherever contrast is weak: the neutral threshold is the mean
 * probability on the initial border in an image without contrast. And sigma follows the local contrast, so that
 * one setting serves images of different exposure and noise.
 */
import type { Size } from '../base/geometry.ts';
import type { Image } from '../imaging/image.ts';
import { smoothGaussian } from '../imaging/smooth.ts';
import { pasteMask } from '../masks/crop.ts';
import { type Mask, maskArea } from '../masks/mask.ts';
import { maskAgreement } from '../masks/overlap.ts';
import { levelIou, majority, meanAgreement } from './ensemble.ts';
import { randomWalk } from './random-walk.ts';
import {
  checkInitialMasks,
  type InitialMask,
  keepInitial,
  type MaskProvenance,
  type RefinedMask,
  type Refiner,
} from './refiner.ts';
import type { EnsembleSettings, RandomWalkerSettings } from './settings.ts';
import {
  countCores,
  cutWindow,
  dropUnseededRegions,
  FOREGROUND,
  plantSeeds,
  type WalkerWindow,
} from './walker-window.ts';

/** Smallest sigma on the scale 0..255: where the image is flat, its noise must not decide. */
const MIN_SIGMA = 0.25;
/** Disturbed masks per mask, unless the settings say: one eroded, one dilated. */
const DEFAULT_JITTERS = 2;

export function createRandomWalkerRefiner(
  settings: RandomWalkerSettings,
  ensemble: EnsembleSettings,
): Refiner {
  return {
    name: 'random-walker',
    async refine(image, initial, context) {
      checkInitialMasks(image, initial, context.classes);
      const intensities = smoothGaussian(greyLevels(image), image, settings.imageSmoothing);
      const windows = initial.map(({ mask }) => cutWindow(mask, settings));
      const scene: Scene = { image, intensities, cores: countCores(windows, image), settings };
      const refined: RefinedMask[] = [];
      for (const [k, item] of initial.entries()) {
        context.signal?.throwIfAborted();
        const window = windows[k];
        refined.push(
          window === undefined
            ? keepInitial(item, 'random-walker', 'the initial mask is empty')
            : refineMask(item, window, scene, ensemble),
        );
      }
      return refined;
    },
    async close() {},
  };
}

/** Intensities on the scale 0..255, row-major. */
function greyLevels(image: Image): Float32Array {
  const scale = 255 / (2 ** image.bits - 1);
  return Float32Array.from(image.data, (value) => value * scale);
}

/** What all masks of an image share. */
interface Scene {
  readonly image: Size;
  /** Smoothed, on the scale 0..255. */
  readonly intensities: Float32Array;
  /** In how many windows each pixel is a seed. */
  readonly cores: Uint16Array;
  readonly settings: RandomWalkerSettings;
}

/** What the walker makes of one initial mask. */
interface Walked {
  readonly mask: Mask;
  /** IoU of the masks at one unit of log odds above and below the threshold. */
  readonly thresholdStability: number | undefined;
  readonly details: { readonly sigma: number; readonly threshold: number; readonly unseededPixels: number };
}

function refineMask(
  item: InitialMask,
  window: WalkerWindow,
  scene: Scene,
  ensemble: EnsembleSettings,
): RefinedMask {
  const walked = walkWindow(window, scene);
  const { details, thresholdStability } = walked;
  if (maskArea(walked.mask) === 0)
    return keepInitial(item, 'random-walker', 'the refined mask is empty', details);
  const members = disturbedMasks(item.mask, scene.settings, ensemble).flatMap((disturbed) => {
    const moved = cutWindow(disturbed, scene.settings);
    return moved === undefined ? [] : [walkWindow(moved, scene, details.threshold).mask];
  });
  const voted = ensemble.vote && members.length > 0 ? majority([walked.mask, ...members]) : walked.mask;
  const mask = maskArea(voted) > 0 ? voted : walked.mask;
  const agreement = maskAgreement(item.mask, mask);
  const stability = meanAgreement(walked.mask, members);
  const provenance: MaskProvenance = { ...details, refiner: 'random-walker', agreement };
  return {
    classIndex: item.classIndex,
    mask,
    score: item.score,
    evidence: {
      agreement,
      ...(stability !== undefined && { stability }),
      ...(thresholdStability !== undefined && { thresholdStability }),
    },
    provenance,
  };
}

/** A neutral threshold takes a walk of its own unless that of a mask nearly the same is `known`. */
function walkWindow(
  window: WalkerWindow,
  { image, intensities, cores, settings }: Scene,
  known?: number,
): Walked {
  const seeds = plantSeeds(window, cores, image.width, settings);
  const local = cutIntensities(intensities, image.width, window);
  const sigma =
    typeof settings.sigma === 'number'
      ? settings.sigma
      : Math.max(MIN_SIGMA, settings.sigma.relative * contrastAround(local, seeds, window));
  const prior = {
    strength: settings.priorStrength,
    probabilities: initialPrior(window, settings.priorWidth),
  };
  const walk = (values: Float32Array): Float32Array =>
    randomWalk({ height: window.height, width: window.width, intensities: values, seeds, sigma, prior }, [
      FOREGROUND,
    ])[0]!;

  const probability = smoothGaussian(walk(local), window, settings.probabilitySmoothing);
  const threshold =
    settings.threshold === 'neutral'
      ? (known ?? neutralThreshold(walk(new Float32Array(local.length)), window))
      : settings.threshold;
  const decided: Mask = {
    height: window.height,
    width: window.width,
    data: Uint8Array.from(probability, (value) => (value > threshold ? 1 : 0)),
  };
  if (settings.fillHoles) dropUnseededRegions(decided, seeds);
  return {
    mask: pasteMask(decided, window, image),
    thresholdStability: levelIou(probability, moveOdds(threshold, -1), moveOdds(threshold, 1)),
    details: { sigma, threshold, unseededPixels: countUnseeded(seeds) },
  };
}

/** The probability whose log odds are `by` above those of `probability`. */
function moveOdds(probability: number, by: number): number {
  const odds = (probability / (1 - probability)) * Math.exp(by);
  return Number.isFinite(odds) ? odds / (1 + odds) : probability;
}

/**
 * The mask eroded and dilated in turn, each pair by one step more; a step is a part of the square root of the area.
 * Erosion leaves the seeds of the class, without which it would be another problem.
 */
function disturbedMasks(
  mask: Mask,
  settings: RandomWalkerSettings,
  { jitters = DEFAULT_JITTERS, spread }: EnsembleSettings,
): Mask[] {
  const step = Math.max(1, spread * Math.sqrt(maskArea(mask)));
  const reachOf = (member: number): number => step * (Math.floor(member / 2) + 1);
  const window = cutWindow(mask, settings, reachOf(jitters - 1))!;
  const { inside, outside, core } = window;
  return Array.from({ length: jitters }, (_, member) => {
    const reach = reachOf(member) ** 2;
    const data = Uint8Array.from(inside, (depth, i) => {
      const kept = member % 2 === 0 ? depth > reach || core[i] === 1 : depth > 0 || outside[i]! <= reach;
      return kept ? 1 : 0;
    });
    return pasteMask({ height: window.height, width: window.width, data }, window, mask);
  });
}

/** The probability of the class from the signed distance to the initial border: a logistic of the given width. */
function initialPrior({ inside, outside }: WalkerWindow, width: number): (label: number) => Float32Array {
  const foreground = Float32Array.from(inside, (value, i) => {
    // The border lies half a pixel before the nearest pixel of the other kind.
    const depth = value > 0 ? Math.sqrt(value) - 0.5 : 0.5 - Math.sqrt(outside[i]!);
    return 1 / (1 + Math.exp(-depth / width));
  });
  return (label) => (label === FOREGROUND ? foreground : foreground.map((value) => 1 - value));
}

/** Mean probability over the pixels on both sides of the initial border; 0.5 where there is no border. */
function neutralThreshold(probability: Float32Array, { inside, outside }: WalkerWindow): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < probability.length; i++) {
    if (inside[i] !== 1 && outside[i] !== 1) continue;
    sum += probability[i]!;
    count++;
  }
  return count === 0 ? 0.5 : sum / count;
}

/** Root mean square difference of neighbours over the unseeded pixels and the pixels right of and below them. */
function contrastAround(local: Float32Array, seeds: Uint8Array, { height, width }: Size): number {
  let sum = 0;
  let count = 0;
  for (let y = 0; y < height - 1; y++) {
    for (let x = 0; x < width - 1; x++) {
      const i = y * width + x;
      if (seeds[i] !== 0) continue;
      sum += (local[i + 1]! - local[i]!) ** 2 + (local[i + width]! - local[i]!) ** 2;
      count += 2;
    }
  }
  return count === 0 ? 0 : Math.sqrt(sum / count);
}

function cutIntensities(intensities: Float32Array, imageWidth: number, window: WalkerWindow): Float32Array {
  const local = new Float32Array(window.height * window.width);
  for (let y = 0; y < window.height; y++) {
    const row = (y + window.y0) * imageWidth + window.x0;
    local.set(intensities.subarray(row, row + window.width), y * window.width);
  }
  return local;
}

function countUnseeded(seeds: Uint8Array): number {
  let count = 0;
  for (const seed of seeds) if (seed === 0) count++;
  return count;
}
