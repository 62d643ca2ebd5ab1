/**
 * @file Runs SAM's mask decoder: what all prompts of an image share once, then each prompt by itself: the arrays of
 * one prompt stay in the processor's cache, which those of a batch would not.
 */

import { buildModel } from '../graph/build.ts';
import type { OnnxModel } from '../graph/onnx/model.ts';
import { constant, input, type Tensor } from '../graph/tensor.ts';
import { placesOf } from '../nn/linear.ts';
import { constantSource, type ParameterSource, type Weights } from '../nn/parameters.ts';
import { scoped } from '../nn/scope.ts';
import type { TwoWayImage } from '../nn/two-way-transformer.ts';
import { openSession, type Session, type SessionOptions } from '../runtime/session.ts';
import { type Float32NdArray, float32, type NdArray } from '../tensor/array.ts';
import type { SamConfig } from './config.ts';
import { fineShape } from './image-encoder.ts';
import { decoderImage, maskDecoder } from './mask-decoder.ts';
import { imagePositions, maskOffset, maskPrompt, noMaskOffset, type PointTokens } from './prompt-encoder.ts';
import type { ImageFeatures } from './store.ts';

/** A prompt as the decoder takes it. */
export interface DecoderPrompt {
  /** Tokens [T, width] of points and box; T may be 0. */
  readonly tokens: Float32NdArray;
  /** Logits [4 gridSize, 4 gridSize] of an earlier mask. */
  readonly mask: Float32Array | undefined;
}

/** What the decoder answers to one prompt, a row for each wanted candidate. */
export interface DecoderAnswer {
  /** [wanted, 4 gridSize, 4 gridSize] */
  readonly logits: Float32Array;
  /** [wanted] */
  readonly iou: Float32Array;
}

export interface PromptDecoderOptions {
  readonly session: SessionOptions;
  /** Changes each model before it is opened. */
  readonly adapt: (model: OnnxModel) => OnnxModel;
}

/** Sessions kept open; each holds the decoder's weights, 16 MB in the published models. */
const OPEN_SESSIONS = 12;

export class PromptDecoder {
  private readonly config: SamConfig;
  private readonly source: ParameterSource;
  private readonly positions: Float32NdArray;
  private readonly adapt: (model: OnnxModel) => OnnxModel;
  private readonly sessionOptions: SessionOptions;
  /** By what is run; the most recently used last. */
  private readonly sessions = new Map<string, Session>();

  constructor(config: SamConfig, weights: Weights, tokens: PointTokens, options: PromptDecoderOptions) {
    this.config = config;
    this.source = constantSource(weights);
    this.positions = imagePositions(tokens, config.gridSize);
    this.adapt = options.adapt;
    this.sessionOptions = options.session;
  }

  /** The wanted candidates of every prompt, in their order, on what the encoder made of an image. */
  async decode(
    features: ImageFeatures,
    prompts: readonly DecoderPrompt[],
    wanted: readonly number[],
  ): Promise<DecoderAnswer[]> {
    const images = new Map<boolean, Record<string, NdArray>>();
    for (const hasMask of new Set(prompts.map(({ mask }) => mask !== undefined))) {
      const session = await this.session(`image,${hasMask}`, () => this.imageModel(hasMask));
      images.set(hasMask, await session.run(features));
    }
    const answers: DecoderAnswer[] = [];
    for (const { tokens, mask } of prompts) {
      const tokenCount = tokens.shape[0]!;
      const hasMask = mask !== undefined;
      const key = `prompt,${tokenCount},${hasMask},${wanted}`;
      const session = await this.session(key, () => this.promptModel(tokenCount, hasMask, wanted));
      const { logits, iou } = await session.run({
        ...features,
        ...images.get(hasMask)!,
        ...this.feeds(tokens, mask),
      });
      answers.push({ logits: logits!.data as Float32Array, iou: iou!.data as Float32Array });
    }
    return answers;
  }

  async close(): Promise<void> {
    for (const session of this.sessions.values()) await session.close();
    this.sessions.clear();
  }

  private feeds(tokens: Float32NdArray, mask: Float32Array | undefined): Record<string, Float32NdArray> {
    const side = 4 * this.config.gridSize;
    return {
      ...(tokens.shape[0]! > 0 && { tokens: float32([1, ...tokens.shape], tokens.data) }),
      ...(mask && { masks: float32([1, 1, side, side], mask) }),
    };
  }

  private async session(key: string, build: () => OnnxModel): Promise<Session> {
    const open = this.sessions.get(key);
    const session = open ?? (await openSession(this.adapt(build()), this.sessionOptions));
    this.sessions.delete(key);
    this.sessions.set(key, session);
    const [oldest] = this.sessions;
    if (this.sessions.size > OPEN_SESSIONS && oldest) {
      this.sessions.delete(oldest[0]);
      await oldest[1].close();
    }
    return session;
  }

  /** What prompts with or without a mask share. */
  private imageModel(hasMask: boolean): OnnxModel {
    const { config, source } = this;
    const maps = [1, config.width, config.gridSize, config.gridSize];
    const prompts = scoped(source, 'prompt_encoder.');
    const offset = hasMask ? maskOffset(config, prompts) : noMaskOffset(config, prompts);
    const embedding = input('embedding', maps);
    const { places, keys, values, queries } = decoderImage(
      config,
      scoped(source, 'mask_decoder.'),
      embedding,
      constant(this.positions),
      offset,
    );
    return buildModel({ places, keys, values, queries });
  }

  private promptModel(tokenCount: number, hasMask: boolean, wanted: readonly number[]): OnnxModel {
    const { config, source } = this;
    const { width, gridSize, transformer } = config;
    const places = gridSize * gridSize;
    const side = 4 * gridSize;
    const columns = [1, transformer.crossWidth, places];
    const image: TwoWayImage = {
      places: input('places', [1, places, width]),
      positions: placesOf(constant(this.positions)),
      keys: input('keys', columns),
      values: input('values', columns),
      queries: input('queries', columns),
    };
    const tokens: Tensor =
      tokenCount === 0 ? constant(float32([1, 0, width], [])) : input('tokens', [1, tokenCount, width]);
    const masks = hasMask
      ? maskPrompt(config, scoped(source, 'prompt_encoder.'), input('masks', [1, 1, side, side]))
      : undefined;
    const decoder = scoped(source, 'mask_decoder.');
    const fine = fineShape(config);
    const inputs = { image, tokens, masks, ...(fine && { fine: input('fine', fine) }) };
    return buildModel({ ...maskDecoder(config, decoder, inputs, wanted) });
  }
}
