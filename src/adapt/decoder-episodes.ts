/**
 * @file What the decoder of a Segment Anything learns from: objects of labelled images, asked for as the refiner will
 * ask: by prompts from the masks that networks drew of them, pass after pass, each pass knowing the answers of the one
 * before. Everything that is drawn depends on the seed and on the number of the step alone.
 */

import { TrainingError } from '../base/errors.ts';
import type { Size } from '../base/geometry.ts';
import { createRng, type Rng } from '../base/rng.ts';
import { coverage } from '../masks/coverage.ts';
import type { Mask } from '../masks/mask.ts';
import type { BatchSize } from '../prompted/graph.ts';
import { promptFeeds, type TrainingPrompt } from '../prompted/prompt-feeds.ts';
import type { EpisodeState, Episodes } from '../prompted/train.ts';
import { disturbPrompt } from '../refine/ensemble.ts';
import { type ClassPrompt, preparePrompts } from '../refine/prompts.ts';
import { buildPrompt, type SamRefinerSettings } from '../refine/sam-refiner.ts';
import { placePrompt } from '../sam/placed-prompt.ts';
import type { SamFeatures, SamPredictor } from '../sam/predictor.ts';
import type { Preprocessing } from '../sam/preprocess.ts';
import type { AdaptCase } from './adapt.ts';

export interface DecoderEpisodeOptions {
  readonly cases: readonly AdaptCase[];
  /** One image a step, and some of its objects. */
  readonly size: BatchSize;
  /** Prompts are made as these say, and disturbed as those of its ensemble. */
  readonly refine: SamRefinerSettings;
  /** Encodes the images; its embeddings are stored. */
  readonly encoder: SamPredictor;
  readonly preprocessing: Preprocessing;
  /** Of the position encoding. */
  readonly frequencies: Float32Array;
  readonly seed: number;
}

/** The objects that are asked for in all passes of a turn. */
interface Turn {
  readonly turn: number;
  readonly image: Size;
  readonly seen: SamFeatures;
  readonly objects: readonly AskedObject[];
}

interface AskedObject {
  readonly prompt: ClassPrompt;
  readonly rough: Mask;
  /** Share of each cell that the object covers, 255 for all: [4 gridSize, 4 gridSize]. */
  readonly target: Uint8Array;
}

/** Images in a row without an object that can be asked for, after which a training gives up. */
const MOST_TRIES = 100;

/** Goes on from a state, or begins. */
export function openDecoderEpisodes(
  options: DecoderEpisodeOptions,
  start: EpisodeState<null> | undefined,
): Episodes<null> {
  const { size, refine, encoder, frequencies } = options;
  const { config } = encoder;
  const cells = (4 * config.gridSize) ** 2;
  let logits = start?.logits ?? new Float32Array(size.prompts * cells);
  let now: Turn | undefined;

  return {
    feeds: async (step) => {
      const { passes } = refine;
      const turn = Math.floor(step / passes.length);
      const pass = step % passes.length;
      if (now?.turn !== turn) now = await drawTurn(options, turn);
      const { image, seen, objects } = now;
      const prompts = objects.map(({ prompt, rough }, k): TrainingPrompt => {
        const before = pass === 0 ? undefined : logits.subarray(k * cells, (k + 1) * cells);
        const asked = buildPrompt(prompt, passes[pass]!, before, rough);
        const { points, box, mask } = placePrompt(config, asked, image, seen.resized);
        return { points, ...(box && { box }), ...(mask && { mask }) };
      });
      const side = 4 * config.gridSize;
      const target = new Uint8Array(objects.length * cells);
      objects.forEach((object, k) => {
        target.set(object.target, k * cells);
      });
      return {
        ...seen.features,
        target: { dtype: 'uint8', shape: [objects.length, 1, side, side], data: target },
        ...promptFeeds(config, size, frequencies, prompts),
      };
    },
    answer: (single) => {
      logits = single;
    },
    state: () => ({ prompts: null, logits }),
  };
}

async function drawTurn(options: DecoderEpisodeOptions, turn: number): Promise<Turn> {
  const { cases, size, encoder, refine, preprocessing } = options;
  const rng = createRng(options.seed).child(`turn ${turn}`);
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const item = cases[rng.below(cases.length)]!;
    const { image, objects, roughs } = await item.read();
    const masks = objects.map((object, i) => roughs?.[i] ?? object);
    const fit = rng.shuffled(promptedObjects(masks, refine)).slice(0, size.prompts);
    if (fit.length === 0) continue;
    const asked = Array.from({ length: size.prompts }, (_, k) => fit[k % fit.length]!);
    return {
      turn,
      image,
      seen: (await encoder.encode(image, item.imageKey)).data as SamFeatures,
      objects: asked.map(({ index, prompt }) => ({
        prompt: disturbed(rng, prompt, refine, image),
        rough: masks[index]!,
        target: cellShares(objects[index]!, preprocessing, 4 * encoder.config.gridSize),
      })),
    };
  }
  throw new TrainingError({
    seen: `${MOST_TRIES} images in a row show no object that a prompt can be made for`,
    need: 'Labelled images with structures that are not wholly covered by others',
    fix: 'Check the annotations, or go on without adapting: --set refine.adaptSteps=0',
  });
}

const disturbed = (
  rng: Rng,
  prompt: ClassPrompt,
  { ensemble }: SamRefinerSettings,
  image: Size,
): ClassPrompt => disturbPrompt(prompt, ensemble.spread, image, rng);

/** The objects that can be asked for, by their place in the list. */
function promptedObjects(
  masks: readonly Mask[],
  refine: SamRefinerSettings,
): { index: number; prompt: ClassPrompt }[] {
  const initial = masks.map((mask, classIndex) => ({ classIndex, mask, score: 1 }));
  return preparePrompts(initial, refine).flatMap(({ prompt }, index) => (prompt ? [{ index, prompt }] : []));
}

/** The share of each cell of the encoder's input that a mask of an image covers, 255 for all: [side, side]. */
export function cellShares(mask: Mask, preprocessing: Preprocessing, side: number): Uint8Array {
  const whole = preprocessing === 'medsam' ? mask : padded(mask);
  const shares = coverage(whole, { x: 0, y: 0, ...whole }, { height: side, width: side });
  return Uint8Array.from(shares, (share) => Math.round(255 * share));
}

/** The square of its longest side, to which the input is padded right and below. */
function padded({ height, width, data }: Mask): Mask {
  const side = Math.max(height, width);
  const out = new Uint8Array(side * side);
  for (let y = 0; y < height; y++) out.set(data.subarray(y * width, (y + 1) * width), y * side);
  return { height: side, width: side, data: out };
}
