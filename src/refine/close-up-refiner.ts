/**
 * @file Refinement by a network that looks at each structure close up: it has learnt from the labelled images how a
 * true outline runs beside a rough one, whatever the class, and redraws the mask at the image's own resolution.
 */
import type { Size } from '../base/geometry.ts';
import type { Image } from '../imaging/image.ts';
import { pasteMask } from '../masks/crop.ts';
import { type Mask, maskArea } from '../masks/mask.ts';
import { maskAgreement } from '../masks/overlap.ts';
import { levelIou } from './ensemble.ts';
import {
  checkInitialMasks,
  type InitialMask,
  keepInitial,
  type RefinedMask,
  type Refiner,
} from './refiner.ts';

/** Probabilities of a structure in a window of the image; 0 elsewhere. */
export interface PlacedMap extends Size {
  readonly x0: number;
  readonly y0: number;
  /** Row-major, in [0, 1]. */
  readonly data: Float32Array;
}

export interface CloseUpModel {
  /** A map for each mask, in their order; undefined for an empty one. */
  redraw(
    image: Image,
    masks: readonly Mask[],
    signal?: AbortSignal,
  ): Promise<readonly (PlacedMap | undefined)[]>;
  close(): Promise<void>;
}

const NAME = 'close-up';
const THRESHOLD = 0.5;
/** Probabilities one unit of log odds above and below the threshold. */
const FIRM = 1 / (1 + Math.exp(-1));

export function createCloseUpRefiner(model: CloseUpModel): Refiner {
  return {
    name: NAME,
    async refine(image, initial, { classes, signal }) {
      checkInitialMasks(image, initial, classes);
      const maps = await model.redraw(
        image,
        initial.map(({ mask }) => mask),
        signal,
      );
      return initial.map((item, k) => redrawn(item, maps[k], image));
    },
    async close() {},
  };
}

function redrawn(item: InitialMask, map: PlacedMap | undefined, image: Size): RefinedMask {
  if (map === undefined) return keepInitial(item, NAME, 'the initial mask is empty');
  const mask = cutAt(map, THRESHOLD, image);
  if (maskArea(mask) === 0) return keepInitial(item, NAME, 'the refined mask is empty');
  const agreement = maskAgreement(item.mask, mask);
  const thresholdStability = levelIou(map.data, 1 - FIRM, FIRM);
  return {
    classIndex: item.classIndex,
    mask,
    score: item.score,
    evidence: { agreement, ...(thresholdStability !== undefined && { thresholdStability }) },
    provenance: { refiner: NAME, agreement },
  };
}

function cutAt(map: PlacedMap, threshold: number, size: Size): Mask {
  const { height, width } = map;
  const data = new Uint8Array(map.data.length);
  for (let i = 0; i < data.length; i++) data[i] = Number(map.data[i]! > threshold);
  return pasteMask({ height, width, data }, map, size);
}
