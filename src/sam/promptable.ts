/**
 * @file What a refiner needs from a promptable segmentation model such as SAM (Kirillov et al. 2023): encode an
 * image once, then answer any number of prompts. All coordinates are pixels of the original image.
 */
import type { BoxXyxy, PointXy, Size } from '../base/geometry.ts';
import type { Image } from '../imaging/image.ts';
import type { Mask } from '../masks/mask.ts';

export interface PromptableModel {
  /** Names architecture and weights, for provenance: `sam-vit-b`. */
  readonly name: string;
  /** The embedding of an image. Stored once per image and model: `imageKey` is the hash of the image's content. */
  encode(image: Image, imageKey: string): Promise<EncodedImage>;
  /** One list of candidates per prompt, in the order of the prompts: one mask each, or several with `multimask`. */
  decode(
    encoded: EncodedImage,
    prompts: readonly MaskPrompt[],
    options: DecodeOptions,
  ): Promise<MaskPrediction[][]>;
  /** What the image looks like, as a point: images that look alike lie near each other. Not every model tells. */
  describe?(encoded: EncodedImage): Float32Array;
}

export interface DecodeOptions {
  /** true: the model's several candidates (whole, part, subpart); false: its single-mask output. */
  readonly multimask: boolean;
  /** With `multimask`: the single-mask output as well, before the candidates. */
  readonly withSingle?: boolean;
}

/** What one object is asked for by. At least one of the parts must be there. */
export interface MaskPrompt {
  readonly box?: BoxXyxy;
  readonly points?: readonly PromptPoint[];
  /** The low-resolution logits of an earlier prediction for the same encoded image, as that model gave them. */
  readonly lowResLogits?: Float32Array;
  /** A mask of any origin, of the image's size, that is to be mended; passed over where there are logits. */
  readonly mask?: Mask;
}

export interface PromptPoint {
  readonly xy: PointXy;
  /** true: inside the object; false: outside. */
  readonly positive: boolean;
}

export interface MaskPrediction {
  /** At the size of the original image. */
  readonly mask: Mask;
  /** The model's own estimate of the IoU with the true mask, about [0, 1] (a regression, so it may leave it). */
  readonly predictedIou: number;
  /** Mask logits at the decoder's own grid, row-major; to be given back as a prompt. */
  readonly lowResLogits: Float32Array;
}

export interface EncodedImage {
  /** Size of the original image. */
  readonly size: Size;
  /** The model's own; opaque to callers. */
  readonly data: unknown;
}
