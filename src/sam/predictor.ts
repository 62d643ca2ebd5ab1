/**
 * @file A SAM model that answers prompts: images in, then boxes, points and masks in px of the image.
 */
import { CheckpointError, RefineError } from '../base/errors.ts';
import type { Size } from '../base/geometry.ts';
import { buildModel } from '../graph/build.ts';
import type { OnnxModel } from '../graph/onnx/model.ts';
import { quantizeProducts } from '../graph/onnx/quantize.ts';
import { input } from '../graph/tensor.ts';
import type { Image } from '../imaging/image.ts';
import type { Mask } from '../masks/mask.ts';
import { constantSource, type Weights } from '../nn/parameters.ts';
import { deviceKey } from '../runtime/device.ts';
import { requireExactBytes } from '../runtime/eight-bit.ts';
import { openLargeSession } from '../runtime/large-session.ts';
import { type ComputeOptions, computeOf, type Session } from '../runtime/session.ts';
import type { Float32NdArray } from '../tensor/array.ts';
import { encoderHash, type SamCheckpoint } from './checkpoint.ts';
import type { SamConfig } from './config.ts';
import { describeEmbedding } from './descriptor.ts';
import { encodePixels, featureShapes, isEncoderWeight } from './image-encoder.ts';
import { type PaintedParts, paintPrompt, paintsPrompts } from './painted-prompt.ts';
import { placePrompt } from './placed-prompt.ts';
import { inputSize, normalizeForSam, type Preprocessing, resizeForSam } from './preprocess.ts';
import { type DecoderPrompt, PromptDecoder } from './prompt-decoder.ts';
import { type PointTokens, pointTokens, promptTokens } from './prompt-encoder.ts';
import type {
  DecodeOptions,
  EncodedImage,
  MaskPrediction,
  MaskPrompt,
  PromptableModel,
} from './promptable.ts';
import type { EmbeddingStore, ImageFeatures } from './store.ts';
import { upsampleMask } from './upsample.ts';
import { cropFeatures, cropPrompt, type PlaceWindow, placeLogits, windowConfig, windowOf } from './window.ts';

/** Of the products with weights. */
export const PRECISIONS = ['float32', 'int8'] as const;
export type Precision = (typeof PRECISIONS)[number];

export interface PredictorOptions extends ComputeOptions {
  /** Where embeddings are kept; by default nowhere. */
  readonly store?: EmbeddingStore;
  /** How the model was trained to see images: `sam` (default) or `medsam`. */
  readonly preprocessing?: Preprocessing;
  /** `int8`: products with weights in 8 bits, about twice as fast on processors with VNNI. Default `float32`. */
  readonly precision?: Precision;
}

/** What EncodedImage.data holds. */
export interface SamFeatures {
  readonly features: ImageFeatures;
  /** Size of the image inside the encoder's input. */
  readonly resized: Size;
}

export class SamPredictor implements PromptableModel {
  readonly name: string;
  readonly config: SamConfig;
  private readonly options: PredictorOptions;
  private readonly preprocessing: Preprocessing;
  private readonly encoderHash: string;
  private readonly adapt: (model: OnnxModel) => OnnxModel;
  private readonly tokens: PointTokens;
  private readonly decoderWeights: Weights;
  /** By the side of the window that they decode on, in places. */
  private readonly decoders = new Map<number, PromptDecoder>();
  /** The encoder's weights until its session is open; the session has its own copy. */
  private encoderWeights: Weights | undefined;
  private encoder: Promise<Session> | undefined;
  private precisionCheck: Promise<void> | undefined;
  /** Decoding waits for the decoding before it, so that no session is closed while it is in use. */
  private decoding: Promise<unknown> = Promise.resolve();

  constructor(checkpoint: SamCheckpoint, options: PredictorOptions = {}) {
    this.name = checkpoint.name;
    this.config = checkpoint.config;
    this.options = options;
    this.preprocessing = options.preprocessing ?? 'sam';
    this.adapt = options.precision === 'int8' ? quantizeProducts : (model) => model;
    this.encoderHash = options.store ? encoderHash(checkpoint.weights) : '';
    this.encoderWeights = new Map([...checkpoint.weights].filter(([name]) => isEncoderWeight(name)));
    this.tokens = pointTokens(checkpoint.config, checkpoint.weights);
    this.decoderWeights = new Map([...checkpoint.weights].filter(([name]) => !isEncoderWeight(name)));
  }

  /**
   * Encodes an image, or reads its embedding from the store. `imageKey` is the hash of the image's content. Blocks the
   * thread for as long as the encoder takes, seconds for a large one, see Session.run.
   */
  async encode(image: Image, imageKey: string): Promise<EncodedImage> {
    const size = { height: image.height, width: image.width };
    return { size, data: await this.features(image, imageKey) };
  }

  /** What `encode` keeps of an image, for those who look at features themselves. */
  async features(image: Image, imageKey: string): Promise<SamFeatures> {
    const { config, preprocessing } = this;
    const { store } = this.options;
    const resized = inputSize(image, config.imageSize, preprocessing);
    const key = this.storedKey(imageKey);
    let features = await store?.get(this.encoderHash, key, featureShapes(config));
    if (features === undefined) {
      const bytes = resizeForSam(image, config.imageSize, preprocessing);
      features = await this.embed(normalizeForSam(bytes, config.imageSize, preprocessing));
      if (store) features = await store.put(this.encoderHash, key, features);
    }
    return { features, resized };
  }

  /** Whether embeddings are kept. */
  get stores(): boolean {
    return this.options.store !== undefined;
  }

  /** Whether the store has what `encode` keeps of an image. */
  isStored(imageKey: string): boolean {
    return this.options.store?.has(this.encoderHash, this.storedKey(imageKey)) ?? false;
  }

  /** An image is kept for each way in which it is encoded. */
  private storedKey(imageKey: string): string {
    const { device } = deviceKey(this.options.device);
    const kind = [
      ...(this.preprocessing === 'sam' ? [] : [this.preprocessing]),
      ...(device === undefined ? [] : [device]),
      ...(this.options.precision === 'int8' ? ['int8'] : []),
    ];
    return [imageKey, ...kind].join('-');
  }

  describe({ data }: EncodedImage): Float32Array {
    const { features, resized } = data as SamFeatures;
    return describeEmbedding(features.embedding!, resized, this.config.imageSize);
  }

  /**
   * The features of an encoder input [1, 3, imageSize, imageSize]: `embedding` [1, width, gridSize, gridSize] and,
   * where the model has them, `fine` features (see fineShape).
   */
  async embed(pixels: Float32NdArray): Promise<ImageFeatures> {
    await this.checkPrecision();
    this.encoder ??= this.openEncoder();
    return (await (await this.encoder).run({ pixels })) as ImageFeatures;
  }

  /**
   * Answers prompts on an encoded image. Candidates with `multimask` are the alternatives in the model's own order,
   * without the single mask unless it is asked for. Blocks the thread, window by window.
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
    { multimask, withSingle = false }: DecodeOptions,
  ): Promise<MaskPrediction[][]> {
    const { features, resized } = encoded.data as SamFeatures;
    const { config } = this;
    const { imageSize, maskTokens } = config;
    const all = Array.from({ length: maskTokens }, (_, i) => i);
    const wanted = multimask ? all.slice(withSingle ? 0 : 1) : [0];
    const placed = prompts.map((prompt, index) => this.place(prompt, index, encoded.size, resized));
    await this.checkPrecision();
    const predictions: MaskPrediction[][] = [];
    for (const [window, members] of this.byWindow(placed)) {
      const decoder = this.decoderOf(window);
      const seen = window.side === config.gridSize ? features : cropFeatures(config, features, window);
      const prepared = members.map((index) => this.prepare(placed[index]!, window));
      const answers = await decoder.decode(seen, prepared, wanted);
      if (!answers.every(({ iou }) => iou.every(Number.isFinite))) throw this.notANumber();
      const cells = (4 * window.side) ** 2;
      answers.forEach(({ logits, iou }, at) => {
        predictions[members[at]!] = wanted.map((_, k) => {
          const own = logits.subarray(k * cells, (k + 1) * cells);
          const lowResLogits = placeLogits(config, own, window);
          const enlarge = (): Mask =>
            upsampleMask(lowResLogits, 4 * config.gridSize, imageSize, resized, encoded.size);
          return prediction(enlarge, iou[k]!, lowResLogits);
        });
      });
    }
    return predictions;
  }

  /** The windows that prompts are decoded on, each with the numbers of its prompts. */
  private byWindow(prompts: readonly PaintedParts[]): Iterable<readonly [PlaceWindow, number[]]> {
    const groups = new Map<string, readonly [PlaceWindow, number[]]>();
    prompts.forEach((prompt, index) => {
      const window = windowOf(this.config, prompt);
      const key = `${window.x},${window.y},${window.side}`;
      const group = groups.get(key) ?? [window, []];
      group[1].push(index);
      groups.set(key, group);
    });
    return groups.values();
  }

  private decoderOf({ side }: PlaceWindow): PromptDecoder {
    const open = this.decoders.get(side);
    if (open) return open;
    const decoder = new PromptDecoder(windowConfig(this.config, side), this.decoderWeights, this.tokens, {
      session: computeOf(this.options),
      adapt: this.adapt,
    });
    this.decoders.set(side, decoder);
    return decoder;
  }

  private notANumber(): CheckpointError {
    return new CheckpointError({
      seen: `The model ${this.name} answers with numbers that are not finite`,
      need: 'A checkpoint of finite weights',
      fix: 'Download or copy the checkpoint again',
    });
  }

  /** Frees the sessions; the predictor cannot be used any more. */
  async close(): Promise<void> {
    await this.decoding;
    for (const decoder of this.decoders.values()) await decoder.close();
    const encoder = await this.encoder?.catch(() => undefined);
    await encoder?.close();
  }

  private checkPrecision(): Promise<void> {
    this.precisionCheck ??= this.options.precision === 'int8' ? requireExactBytes() : Promise.resolve();
    return this.precisionCheck;
  }

  private async openEncoder(): Promise<Session> {
    const { config, encoderWeights } = this;
    const pixels = input('pixels', [1, 3, config.imageSize, config.imageSize]);
    const model = this.adapt(
      buildModel({ ...encodePixels(config, constantSource(encoderWeights!), pixels) }),
    );
    const session = await openLargeSession(model, computeOf(this.options));
    this.encoderWeights = undefined;
    return session;
  }

  /** A prompt in px of the encoder's input. */
  private place(prompt: MaskPrompt, index: number, original: Size, resized: Size): PaintedParts {
    const { points = [], box, lowResLogits, mask } = prompt;
    const side = 4 * this.config.gridSize;
    const numbers = [...points.flatMap(({ xy }) => xy), ...(box ?? [])];
    const isEmpty = points.length === 0 && !box && !lowResLogits && !mask;
    const isOdd = lowResLogits
      ? lowResLogits.length !== side * side
      : mask && (mask.height !== original.height || mask.width !== original.width);
    if (isEmpty || isOdd || !numbers.every(Number.isFinite)) {
      throw new RefineError({
        seen: `Prompt ${index} has points ${JSON.stringify(points)}, box ${JSON.stringify(box ?? null)}, ${lowResLogits?.length ?? 0} mask logits and a mask of ${mask?.width ?? 0} x ${mask?.height ?? 0} px`,
        need: `A point, a box of finite numbers, ${side} x ${side} logits of an earlier prediction or a mask of the image's size are needed`,
        fix: 'Check how the prompt was made',
      });
    }
    return placePrompt(this.config, prompt, original, resized);
  }

  private prepare(placed: PaintedParts, window: PlaceWindow): DecoderPrompt {
    const config = windowConfig(this.config, window.side);
    const { points, box, mask } = cropPrompt(this.config, placed, window);
    const tokens = promptTokens(this.tokens, config.imageSize, points, box);
    return { tokens, mask: paintsPrompts(config) ? paintPrompt(config, { points, box, mask }) : mask };
  }
}

/** Its mask is enlarged when it is first looked at: of several candidates mostly one is. */
function prediction(enlarge: () => Mask, predictedIou: number, lowResLogits: Float32Array): MaskPrediction {
  let mask: Mask | undefined;
  return {
    get mask() {
      mask ??= enlarge();
      return mask;
    },
    predictedIou,
    lowResLogits,
  };
}
