/**
 * @file The batches of a training: each of B places holds an image for some rounds, then another. The places are out
 * of step with each other, so that every batch has prompts of all rounds. What is drawn depends on the seed and on
 * the number of the step or image alone; only prompts and answers of the last step must be remembered.
 */
import { z } from 'zod';
import { createRng } from '../base/rng.ts';
import type { BatchSize } from '../prompted/graph.ts';
import { promptFeeds, type TrainingPrompt } from '../prompted/prompt-feeds.ts';
import type { EpisodeState, Episodes } from '../prompted/train.ts';
import type { SamConfig } from '../sam/config.ts';
import { float32 } from '../tensor/array.ts';
import type { TrainingImage } from './prepare.ts';
import { firstPrompt, nextPrompt } from './prompts.ts';
import type { Supply } from './supply.ts';

/** How often each image is asked about. */
export const ROUNDS = 3;

/** The prompts of a step as a checkpoint keeps them. */
const pair = z.tuple([z.number(), z.number()]);
export const storedPrompts = z.array(
  z.object({
    box: z.tuple([z.number(), z.number(), z.number(), z.number()]).optional(),
    points: z.array(z.object({ xy: pair, positive: z.boolean() })),
  }),
);

export type StoredPrompts = z.infer<typeof storedPrompts>;

export interface EpisodeOptions {
  readonly config: SamConfig;
  readonly size: BatchSize;
  readonly frequencies: Float32Array;
  readonly seed: number;
  readonly imageAt: Supply;
}

/** Goes on from a state, or begins. */
export function openEpisodes(
  options: EpisodeOptions,
  start: EpisodeState<StoredPrompts> | undefined,
): Episodes<StoredPrompts> {
  const { config, size, frequencies, seed, imageAt } = options;
  const cells = (4 * config.gridSize) ** 2;
  const pixels = config.imageSize ** 2;
  let prompts: readonly TrainingPrompt[] = start?.prompts.map(plainPrompt) ?? [];
  let logits = start?.logits ?? new Float32Array(size.images * size.prompts * cells);
  const images = new Map<number, TrainingImage>();

  const hold = async (indices: readonly number[]): Promise<TrainingImage[]> => {
    for (const index of images.keys()) if (!indices.includes(index)) images.delete(index);
    for (const index of indices) if (!images.has(index)) images.set(index, await imageAt(index));
    return indices.map((index) => images.get(index)!);
  };

  return {
    feeds: async (step) => {
      const places = Array.from({ length: size.images }, (_, place) => place);
      const held = await hold(
        places.map((place) => Math.floor((step + place) / ROUNDS) * size.images + place),
      );
      const rng = createRng(seed).child(`prompts ${step}`);
      prompts = places.flatMap((place) => {
        const { objects } = held[place]!;
        const isFirst = step === 0 || (step + place) % ROUNDS === 0;
        return objects.map((object, k) => {
          const at = place * size.prompts + k;
          const answer = logits.subarray(at * cells, (at + 1) * cells);
          return isFirst ? firstPrompt(rng, object) : nextPrompt(rng, objects, k, prompts[at]!, answer);
        });
      });
      const seen = new Float32Array(size.images * pixels);
      const target = new Uint8Array(size.images * size.prompts * cells);
      held.forEach((image, place) => {
        seen.set(image.pixels, place * pixels);
        image.objects.forEach((object, k) => {
          target.set(object.target, (place * size.prompts + k) * cells);
        });
      });
      const side = 4 * config.gridSize;
      return {
        pixels: float32([size.images, 1, config.imageSize, config.imageSize], seen),
        target: { dtype: 'uint8', shape: [size.images * size.prompts, 1, side, side], data: target },
        ...promptFeeds(config, size, frequencies, prompts),
      };
    },
    answer: (single) => {
      logits = single;
    },
    state: () => ({ prompts: prompts.map(storedPrompt), logits }),
  };
}

const storedPrompt = ({ box, points }: TrainingPrompt): StoredPrompts[number] => ({
  ...(box && { box: [...box] }),
  points: points.map(({ xy, positive }) => ({ xy: [...xy], positive })),
});

const plainPrompt = ({ box, points }: StoredPrompts[number]): TrainingPrompt => ({
  ...(box && { box }),
  points,
});
