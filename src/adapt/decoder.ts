/**
 * @file The decoder of a Segment Anything as a learner. Its encoder, which is most of it, stays as it is and looks at
 * each image once: training asks for stored embeddings.
 */
import { z } from 'zod';
import { input } from '../graph/tensor.ts';
import { buildPromptedStep } from '../prompted/step.ts';
import type { PromptedTask } from '../prompted/train.ts';
import type { SamRefinerSettings } from '../refine/sam-refiner.ts';
import { encoderHash, type SamCheckpoint, weightsHash } from '../sam/checkpoint.ts';
import { encodeDecoder } from '../sam/decoder-file.ts';
import { type EncodedFeatures, fineShape } from '../sam/image-encoder.ts';
import type { SamPredictor } from '../sam/predictor.ts';
import type { Preprocessing } from '../sam/preprocess.ts';
import { FREQUENCIES_NAME } from '../sam/prompt-encoder.ts';
import type { AdaptCase, Learner } from './adapt.ts';
import { openDecoderEpisodes } from './decoder-episodes.ts';

export interface DecoderLearnerOptions {
  readonly base: SamCheckpoint;
  /** Opens the model with the weights of a checkpoint, and with a store of embeddings. */
  readonly open: (checkpoint: SamCheckpoint) => SamPredictor;
  readonly preprocessing: Preprocessing;
  readonly refine: SamRefinerSettings;
  /** Classes of the data set: as many objects, and so negative points, an image can have. */
  readonly classes: number;
  readonly seed: number;
  /** What stands for the images and masks when trainings are told apart. */
  readonly data: unknown;
}

/** The file of an adapted decoder. */
export const DECODER_FILE = 'decoder.safetensors';
/** Of the one image of a step. */
const PROMPTS = 4;

/** @param encoder the model as it is, which stays open */
export function decoderLearner(options: DecoderLearnerOptions, encoder: SamPredictor): Learner {
  const { base, open } = options;
  // Of weights that may be gigabytes, and the same in all that is learnt.
  const hashes = { whole: weightsHash(base.weights), encoder: encoderHash(base.weights) };
  return {
    learningRate: 1e-4,
    task: (cases) => decoderTask(options, encoder, hashes, cases),
    ask: async (weights, use) => {
      if (weights === undefined) return use(encoder);
      const model = open({ ...base, weights });
      try {
        return await use(model);
      } finally {
        await model.close();
      }
    },
  };
}

function decoderTask(
  { base, preprocessing, refine, classes, seed, data }: DecoderLearnerOptions,
  encoder: SamPredictor,
  hashes: { readonly whole: string; readonly encoder: string },
  cases: readonly AdaptCase[],
): PromptedTask<null> {
  const { config, weights } = base;
  const { width, gridSize } = config;
  // The points of all classes, and the two corners of a box.
  const size = { images: 1, prompts: PROMPTS, tokens: classes + 2 };
  const frequencies = weights.get(FREQUENCIES_NAME)!.data;
  const fine = fineShape(config);
  const features = (): EncodedFeatures => ({
    embedding: input('embedding', [1, width, gridSize, gridSize]),
    ...(fine && { fine: input('fine', fine) }),
  });
  return {
    key: { of: data, ids: cases.map(({ id }) => id), start: hashes.whole, size, seed },
    build: (averageDecay) => buildPromptedStep({ config, size, frequencies, features }, { averageDecay }),
    start: () => weights,
    answerLength: PROMPTS * (4 * gridSize) ** 2,
    prompts: z.null(),
    open: (state) =>
      openDecoderEpisodes({ cases, size, refine, encoder, preprocessing, frequencies, seed }, state),
    whole: (trained) => new Map([...weights, ...trained]),
    file: DECODER_FILE,
    encode: (whole, metadata) => encodeDecoder(whole, hashes.encoder, metadata),
  };
}
