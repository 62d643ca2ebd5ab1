/**
 * @file A SAM model that answers prompts: holds the sessions of the encoder and of the decoder for the batch sizes
 * and token counts that occur.
 */
import { RefineError } from '../base/errors.ts';
import type { Size } from '../base/geometry.ts';
import { buildModel } from '../graph/build.ts';
import { constant, input } from '../graph/tensor.ts';
import type { Image } from '../imaging/image.ts';
import { constantSource, type Weights } from '../nn/parameters.ts';
import { scoped } from '../nn/scope.ts';
import { openLargeSession } from '../runtime/large-session.ts';
import { openSession, type Session } from '../runtime/session.ts';
import { type Float32NdArray, float32 } from '../tensor/array.ts';
import { type SamCheckpoint, weightsHash } from './checkpoint.ts';
import type { SamConfig } from './config.ts';
import { encodePixels, isEncoderWeight } from './image-encoder.ts';
import { maskDecoder } from './mask-decoder.ts';
import {
  inputSize,
  normalizeForSam,
  type Preprocessing,
  resizeForSam,
  toInputBox,
  toInputPoint,
} from './preprocess.ts';
import {
  imagePositions,
  maskEmbedding,
  type PointTokens,
  pointTokens,
  promptTokens,
} from './prompt-encoder.ts';
import type {
  DecodeOptions,
  EncodedImage,
  MaskPrediction,
  MaskPrompt,
  PromptableModel,
} from './promptable.ts';
import type { EmbeddingStore, ImageFeatures } from './store.ts';
import { upsampleMask } from './upsample.ts';

export interface PredictorOptions {
  /** Threads of a run; the number of cores by default. */
  readonly threads?: number;
  /** Where embeddings are kept; by default nowhere. */
  readonly store?: EmbeddingStore;
  /** How the model was trained to see images: `sam` (default) or `medsam`. */
  readonly preprocessing?: Preprocessing;
}

/** Prompts decoded in one run; more share nothing further and take memory. */
const LARGEST_BATCH = 8;
/** Decoder sessions kept open; each holds the decoder's weights, 16 MB in the published models. */
const OPEN_DECODERS = 12;

/** What EncodedImage.data holds. */
interface SamFeatures {
  readonly features: ImageFeatures;
  /** Size of the image inside the encoder's input. */
  readonly resized: Size;
}

interface PreparedPrompt {
  readonly index: number;
  readonly tokens: Float32NdArray;
  readonly mask: Float32Array | undefined;
}

export class SamPredictor implements PromptableModel {
  readonly name: string;
  private readonly config: SamConfig;
  private readonly options: PredictorOptions;
  private readonly preprocessing: Preprocessing;
  private readonly modelHash: string;
  private readonly decoderWeights: Weights;
  private readonly tokens: PointTokens;
  /** The encoder's weights until its session is open; the session has its own copy. */
  private encoderWeights: Weights | undefined;
  private encoder: Promise<Session> | undefined;
  /** By batch size, token count and mask input; the most recently used last. */
  private readonly decoders = new Map<string, Session>();
  /** Decoding waits for the decoding before it, so that no session is closed while it is in use. */
  private decoding: Promise<unknown> = Promise.resolve();

  constructor(checkpoint: SamCheckpoint, options: PredictorOptions = {}) {
    this.name = checkpoint.name;
    this.config = checkpoint.config;
    this.options = options;
    this.preprocessing = options.preprocessing ?? 'sam';
    this.modelHash = options.store ? weightsHash(checkpoint.weights) : '';
    this.encoderWeights = new Map([...checkpoint.weights].filter(([name]) => isEncoderWeight(name)));
    this.decoderWeights = new Map([...checkpoint.weights].filter(([name]) => !isEncoderWeight(name)));
    this.tokens = pointTokens(checkpoint.config, checkpoint.weights);
  }

  /** Encodes an image, or reads its embedding from the store. `imageKey` is the hash of the image's content. */
  async encode(image: Image, imageKey: string): Promise<EncodedImage> {
    const { config, preprocessing } = this;
    const { store } = this.options;
    const size = { height: image.height, width: image.width };
    const resized = inputSize(size, config.imageSize, preprocessing);
    const key = preprocessing === 'sam' ? imageKey : `${imageKey}-${preprocessing}`;
    let features = await store?.get(this.modelHash, key);
    if (features === undefined) {
      const bytes = resizeForSam(image, config.imageSize, preprocessing);
      features = await this.embed(normalizeForSam(bytes, config.imageSize, preprocessing));
      if (store) features = await store.put(this.modelHash, key, features);
    }
    const data: SamFeatures = { features, resized };
    return { size, data };
  }

  /**
   * The features of an encoder input [1, 3, imageSize, imageSize]: `embedding` [1, width, gridSize, gridSize] and,
   * for SAM-HQ, `fine` [1, width / 8, 4 gridSize, 4 gridSize].
   */
  async embed(pixels: Float32NdArray): Promise<ImageFeatures> {
    this.encoder ??= this.openEncoder();
    return (await (await this.encoder).run({ pixels })) as ImageFeatures;
  }

  /**
   * Answers prompts on an encoded image. Candidates with `multimask` are the alternatives without the single mask,
   * in the model's own order.
   */
  async decode(
    encoded: EncodedImage,
    prompts: readonly MaskPrompt[],
    options: DecodeOptions,
  ): Promise<MaskPrediction[][]> {
    const result = this.decoding.then(() => this.decodeNow(encoded, prompts, options));
    this.decoding = result.catch(() => undefined);
    return result;
  }

  private async decodeNow(
    encoded: EncodedImage,
    prompts: readonly MaskPrompt[],
    { multimask }: DecodeOptions,
  ): Promise<MaskPrediction[][]> {
    const { features, resized } = encoded.data as SamFeatures;
    const { imageSize, gridSize, maskTokens } = this.config;
    const side = 4 * gridSize;
    const results: MaskPrediction[][] = prompts.map(() => []);
    const prepared = prompts.map((prompt, index) => this.prepare(prompt, index, encoded.size, resized));
    const wanted = multimask ? Array.from({ length: maskTokens - 1 }, (_, i) => i + 1) : [0];
    for (const batch of batches(prepared)) {
      const session = await this.decoder(batch);
      const { logits, iou } = await session.run({ ...features, ...batchFeeds(batch, side) });
      batch.forEach(({ index }, n) => {
        results[index] = wanted.map((candidate) => {
          const at = n * maskTokens + candidate;
          const lowResLogits = (logits!.data as Float32Array).slice(at * side * side, (at + 1) * side * side);
          const mask = upsampleMask(lowResLogits, side, imageSize, resized, encoded.size);
          return { mask, predictedIou: Number(iou!.data[at]), lowResLogits };
        });
      });
    }
    return results;
  }

  /** Frees the sessions; the predictor cannot be used any more. */
  async close(): Promise<void> {
    await this.decoding;
    for (const session of this.decoders.values()) await session.close();
    this.decoders.clear();
    const encoder = await this.encoder?.catch(() => undefined);
    await encoder?.close();
  }

  private async openEncoder(): Promise<Session> {
    const { config, encoderWeights } = this;
    const pixels = input('pixels', [1, 3, config.imageSize, config.imageSize]);
    const model = buildModel({ ...encodePixels(config, constantSource(encoderWeights!), pixels) });
    const session = await openLargeSession(model, this.sessionOptions());
    this.encoderWeights = undefined;
    return session;
  }

  private sessionOptions(): { threads?: number } {
    return this.options.threads === undefined ? {} : { threads: this.options.threads };
  }

  private prepare(prompt: MaskPrompt, index: number, original: Size, resized: Size): PreparedPrompt {
    const { points = [], box, lowResLogits } = prompt;
    const side = 4 * this.config.gridSize;
    const numbers = [...points.flatMap(({ xy }) => xy), ...(box ?? [])];
    const isEmpty = points.length === 0 && box === undefined && lowResLogits === undefined;
    if (isEmpty || !numbers.every(Number.isFinite) || (lowResLogits && lowResLogits.length !== side * side)) {
      throw new RefineError({
        seen: `Prompt ${index} has points ${JSON.stringify(points)}, box ${JSON.stringify(box ?? null)} and ${lowResLogits?.length ?? 0} mask logits`,
        need: `A point, a box of finite numbers, or ${side} x ${side} logits of an earlier prediction are needed`,
        fix: 'Check how the prompt was made',
      });
    }
    const placed = points.map(({ xy, positive }) => ({ xy: toInputPoint(xy, original, resized), positive }));
    const placedBox = box && toInputBox(box, original, resized);
    const tokens = promptTokens(this.tokens, this.config.imageSize, placed, placedBox);
    return { index, tokens, mask: lowResLogits };
  }

  private async decoder(batch: readonly PreparedPrompt[]): Promise<Session> {
    const tokenCount = batch[0]!.tokens.shape[0]!;
    const hasMask = batch[0]!.mask !== undefined;
    const key = `${batch.length},${tokenCount},${hasMask}`;
    const session = this.decoders.get(key) ?? (await this.openDecoder(batch.length, tokenCount, hasMask));
    this.decoders.delete(key);
    this.decoders.set(key, session);
    const [oldest] = this.decoders;
    if (this.decoders.size > OPEN_DECODERS && oldest) {
      this.decoders.delete(oldest[0]);
      await oldest[1].close();
    }
    return session;
  }

  private openDecoder(batch: number, tokenCount: number, hasMask: boolean): Promise<Session> {
    const { config } = this;
    const { width, gridSize } = config;
    const source = constantSource(this.decoderWeights);
    const masks = hasMask ? input('masks', [batch, 1, 4 * gridSize, 4 * gridSize]) : undefined;
    const outputs = maskDecoder(config, scoped(source, 'mask_decoder.'), {
      embedding: input('embedding', [1, width, gridSize, gridSize]),
      positions: constant(imagePositions(this.tokens, gridSize)),
      tokens:
        tokenCount === 0
          ? constant(float32([batch, 0, width], []))
          : input('tokens', [batch, tokenCount, width]),
      masks: maskEmbedding(config, scoped(source, 'prompt_encoder.'), masks),
      ...(config.highQuality && { fine: input('fine', [1, width / 8, 4 * gridSize, 4 * gridSize]) }),
    });
    return openSession(buildModel({ ...outputs }), { ...this.sessionOptions(), keepMemory: false });
  }
}

/**
 * Prompts that one session can answer together: as many tokens, and all with or all without a mask. Batch sizes are
 * powers of two, so that few sessions serve any number of prompts.
 */
function batches(prompts: readonly PreparedPrompt[]): PreparedPrompt[][] {
  const groups = new Map<string, PreparedPrompt[]>();
  for (const prompt of prompts) {
    const key = `${prompt.tokens.shape[0]},${prompt.mask !== undefined}`;
    groups.set(key, [...(groups.get(key) ?? []), prompt]);
  }
  return [...groups.values()].flatMap((group) => {
    const parts: PreparedPrompt[][] = [];
    for (let start = 0, size = LARGEST_BATCH; start < group.length; ) {
      while (size > group.length - start) size /= 2;
      parts.push(group.slice(start, start + size));
      start += size;
    }
    return parts;
  });
}

function batchFeeds(batch: readonly PreparedPrompt[], side: number): Record<string, Float32NdArray> {
  const [tokenCount, width] = batch[0]!.tokens.shape as [number, number];
  const feeds: Record<string, Float32NdArray> = {};
  if (tokenCount > 0) {
    const tokens = joined(batch.map((prompt) => prompt.tokens.data));
    feeds.tokens = float32([batch.length, tokenCount, width], tokens);
  }
  if (batch[0]!.mask !== undefined) {
    feeds.masks = float32([batch.length, 1, side, side], joined(batch.map((prompt) => prompt.mask!)));
  }
  return feeds;
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const data = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return data;
}
