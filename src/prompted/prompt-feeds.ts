/** @file From prompts as plain data to the arrays that the graph of a training step takes. */
import type { BoxXyxy } from '../base/geometry.ts';
import type { Feeds } from '../runtime/session.ts';
import type { SamConfig } from '../sam/config.ts';
import { paintPrompt, paintsPrompts } from '../sam/painted-prompt.ts';
import { encodePlaces, TOKEN_KINDS, tokenPlaces } from '../sam/prompt-encoder.ts';
import type { PromptPoint } from '../sam/promptable.ts';
import { float32 } from '../tensor/array.ts';
import type { BatchSize } from './graph.ts';

/** What one object is asked for by, in px of the encoder's input. */
export interface TrainingPrompt {
  readonly box?: BoxXyxy;
  readonly points: readonly PromptPoint[];
  /** Logits [4 gridSize, 4 gridSize] of an earlier mask. */
  readonly mask?: Float32Array;
}

/** Its exponential is 0 in single precision, whatever a score adds to it. */
const PASSED_OVER = -1e4;

/** The feeds of promptInputs. Every prompt has at most `tokens` tokens. */
export function promptFeeds(
  config: SamConfig,
  { tokens }: Pick<BatchSize, 'tokens'>,
  frequencies: Float32Array,
  prompts: readonly TrainingPrompt[],
): Feeds {
  const { width, gridSize, imageSize } = config;
  const count = prompts.length;
  const side = 4 * gridSize;
  const encodings = new Float32Array(count * tokens * width);
  const kinds = new Float32Array(count * tokens * TOKEN_KINDS);
  const absent = new Float32Array(count * tokens).fill(PASSED_OVER);
  const masks = new Float32Array(count * side * side);
  const paints = paintsPrompts(config);
  prompts.forEach(({ box, points, mask }, i) => {
    const places = tokenPlaces(points, box);
    const encoded = encodePlaces({ width, frequencies }, imageSize, places);
    encodings.set(encoded.data, i * tokens * width);
    places.forEach(({ kind }, t) => {
      kinds[(i * tokens + t) * TOKEN_KINDS + kind] = 1;
      absent[i * tokens + t] = 0;
    });
    const seen = paints ? paintPrompt(config, { points, box, mask }) : mask;
    if (seen) masks.set(seen, i * side * side);
  });
  return {
    encodings: float32([count, tokens, width], encodings),
    kinds: float32([count, tokens, TOKEN_KINDS], kinds),
    absent: float32([count, tokens], absent),
    masks: float32([count, 1, side, side], masks),
    ...(!paints && {
      shown: float32(
        [count, 1, 1],
        prompts.map(({ mask }) => (mask ? 1 : 0)),
      ),
    }),
  };
}
