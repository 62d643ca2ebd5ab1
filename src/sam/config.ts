/**
 * @file The architecture of a SAM model (Kirillov et al. 2023) or of its relatives MobileSAM, SAM-HQ and Foal: of any
 * size, read off the names and shapes of its tensors.
 *
 * Shapes tell everything but the number of heads of the mask decoder (8 in every published model, 4 in Foal), the
 * epsilon of the encoder's norms and the input size of a TinyViT or of Foal; Hugging Face's config.json tells those, and
 * is checked against the shapes.
 */
import { HEAD_WIDTH } from '../nn/conv-blocks.ts';
import type { TwoWayConfig } from '../nn/two-way-transformer.ts';
import { type EncoderConfig, encoderFromShapes } from './encoder-config.ts';
import type { SamHints } from './hints.ts';
import { isCount, TensorShapes } from './shapes.ts';

export interface SamConfig {
  /** Side of the encoder's square input in px. */
  readonly imageSize: number;
  /** Side of the embedding in places. */
  readonly gridSize: number;
  readonly encoder: EncoderConfig;
  /** Features of the image embedding, of prompts and of the decoder. */
  readonly width: number;
  /** Features of the two convolutions that shrink a mask prompt. */
  readonly maskChannels: readonly [first: number, second: number];
  readonly transformer: TwoWayConfig;
  /** Masks per prompt: the single mask first, then the alternatives. */
  readonly maskTokens: number;
  /** Layers and hidden features of the perceptron that predicts the IoU. */
  readonly iouHead: { readonly depth: number; readonly width: number };
  /** Whether the decoder has SAM-HQ's additional token, see high-quality.ts. */
  readonly highQuality: boolean;
  /** Features by which the decoder's places see each other, of Foal, see place-mixing.ts; without it they do not. */
  readonly mixing?: number;
}

/** The tensor that tells that a decoder's places see each other. */
const MIXING = 'mask_decoder.mixing.in.conv.weight';

/** Of every published model, and of Foal. */
const DECODER_HEADS = { published: 8, foal: 4 } as const;

/**
 * The architecture of tensors by Meta's names.
 * @throws CheckpointError when a telling tensor is missing, or the shapes contradict each other or the hints.
 */
export function configFromShapes(
  tensors: ReadonlyMap<string, readonly number[]>,
  hints: SamHints | undefined,
  file: string,
): SamConfig {
  const shapes = new TensorShapes(tensors, file);
  const sized = encoderFromShapes(shapes, hints);
  const crossProjection = 'mask_decoder.transformer.layers.0.cross_attn_token_to_image.q_proj.weight';
  const [crossWidth, width] = shapes.of(crossProjection, 2) as [number, number];
  const usual = sized.encoder.kind === 'conv' ? DECODER_HEADS.foal : DECODER_HEADS.published;
  const heads = hints?.mask_decoder_config.num_attention_heads ?? usual;
  if (width % 8 !== 0 || crossWidth % heads !== 0 || width % heads !== 0) {
    throw shapes.refusal(`has ${heads} decoder heads for widths of ${crossWidth} and ${width}`);
  }
  const highQuality = shapes.has('mask_decoder.hf_token.weight');
  const { encoder } = sized;
  if (highQuality && encoder.kind === 'conv') {
    throw shapes.refusal("has SAM-HQ's token beside Foal's encoder");
  }
  if (highQuality && encoder.kind === 'vit' && !encoder.windows.includes(0)) {
    throw shapes.refusal("has SAM-HQ's token, but no block of global attention for its early features");
  }
  const mixing = shapes.has(MIXING) ? shapes.of(MIXING, 4)[0]! : undefined;
  if (mixing !== undefined && (encoder.kind !== 'conv' || !isCount(mixing / HEAD_WIDTH))) {
    throw shapes.refusal(
      `has places that mix ${mixing} features, which only Foal's do, and multiples of ${HEAD_WIDTH}`,
    );
  }
  return {
    ...sized,
    width,
    maskChannels: [
      shapes.of('prompt_encoder.mask_downscaling.0.weight', 4)[0]!,
      shapes.of('prompt_encoder.mask_downscaling.3.weight', 4)[0]!,
    ],
    transformer: {
      width,
      depth: shapes.count('mask_decoder.transformer.layers.'),
      heads,
      mlpWidth: shapes.of('mask_decoder.transformer.layers.0.mlp.lin1.weight', 2)[0]!,
      crossWidth,
    },
    maskTokens: shapes.of('mask_decoder.mask_tokens.weight', 2)[0]!,
    iouHead: {
      depth: shapes.count('mask_decoder.iou_prediction_head.layers.'),
      width: shapes.of('mask_decoder.iou_prediction_head.layers.0.weight', 2)[0]!,
    },
    highQuality,
    ...(mixing !== undefined && { mixing }),
  };
}

/** By width and depth of a ViT, or by the widths of the stages of a TinyViT. */
const PUBLISHED: Readonly<Record<string, string>> = {
  '768x12': 'vit-b',
  '1024x24': 'vit-l',
  '1280x32': 'vit-h',
  '64-128-160-320': 'vit-tiny',
};

/** `sam-vit-b`, `sam-hq-vit-tiny`, `mobile-sam` and the like; other sizes by their widths. */
export function samName({ encoder, highQuality }: SamConfig): string {
  if (encoder.kind === 'conv') return `foal-${encoder.stages.map(({ width }) => width).join('-')}`;
  const size =
    encoder.kind === 'vit'
      ? `${encoder.width}x${encoder.windows.length}`
      : [encoder.convolutions, ...encoder.stages].map(({ width }) => width).join('-');
  const name = PUBLISHED[size] ?? (encoder.kind === 'vit' ? `vit-${size}` : `vit-tiny-${size}`);
  if (highQuality) return `sam-hq-${name}`;
  return encoder.kind === 'vit' ? `sam-${name}` : name.replace('vit-tiny', 'mobile-sam');
}
