/**
 * @file The architecture of a SAM model (Kirillov et al. 2023): of any size, read off the shapes of its tensors.
 *
 * Shapes tell everything but the number of heads of the mask decoder (8 in every published model) and the epsilon
 * of the encoder's norms; Hugging Face's config.json tells those, and is checked against the shapes.
 */
import { z } from 'zod';
import { CheckpointError } from '../base/errors.ts';
import type { TwoWayConfig } from '../nn/two-way-transformer.ts';
import type { VitConfig } from '../nn/vit.ts';

export interface SamConfig {
  /** Side of the encoder's square input in px. */
  readonly imageSize: number;
  /** Side of the embedding: imageSize / patchSize places. */
  readonly gridSize: number;
  readonly encoder: VitConfig;
  /** Features of the image embedding, of prompts and of the decoder. */
  readonly width: number;
  /** Features of the two convolutions that shrink a mask prompt. */
  readonly maskChannels: readonly [first: number, second: number];
  readonly transformer: TwoWayConfig;
  /** Masks per prompt: the single mask first, then the alternatives. */
  readonly maskTokens: number;
  /** Layers and hidden features of the perceptron that predicts the IoU. */
  readonly iouHead: { readonly depth: number; readonly width: number };
}

/** The parts of Hugging Face's config.json that matter here; all have defaults there. */
const hintsSchema = z.object({
  model_type: z.literal('sam').optional(),
  vision_config: z
    .object({
      hidden_size: z.number().optional(),
      num_hidden_layers: z.number().optional(),
      num_attention_heads: z.number().optional(),
      image_size: z.number().optional(),
      patch_size: z.number().optional(),
      window_size: z.number().optional(),
      global_attn_indexes: z.array(z.number()).optional(),
      layer_norm_eps: z.number().optional(),
      hidden_act: z.literal('gelu').optional(),
    })
    .default({}),
  mask_decoder_config: z
    .object({
      num_attention_heads: z.number().int().positive().optional(),
      hidden_act: z.literal('relu').optional(),
    })
    .default({}),
});

export type SamHints = z.infer<typeof hintsSchema>;

/** Reads Hugging Face's config.json; `file` names it in messages. */
export function parseHints(text: string, file: string): SamHints {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError(
      {
        seen: `${file} is not JSON`,
        need: 'The config.json of a SAM model is needed',
        fix: 'Download it again',
      },
      { cause },
    );
  }
  const parsed = hintsSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new CheckpointError({
    seen: `${file} has ${issue!.path.join('.') || 'a content'} that does not fit: ${issue!.message}`,
    need: 'The config.json of a SAM model (model_type "sam", GELU encoder, ReLU decoder) is needed',
    fix: 'Use a checkpoint of SAM or MedSAM',
  });
}

const DEFAULT_DECODER_HEADS = 8;
const DEFAULT_EPSILON = 1e-6;
/** In tokens; published models have 14. Larger ones would only be padding to fill the memory with. */
const LARGEST_WINDOW = 1024;

type Shapes = ReadonlyMap<string, readonly number[]>;

/**
 * The architecture of tensors by Meta's names.
 * @throws CheckpointError when a telling tensor is missing, or the shapes contradict each other or the hints.
 */
export function configFromShapes(shapes: Shapes, hints: SamHints | undefined, file: string): SamConfig {
  const shapeOf = (name: string, rank: number): readonly number[] => {
    const shape = shapes.get(name);
    if (shape?.length === rank) return shape;
    throw contradiction(file, `has ${shape ? `${name} of shape [${shape}]` : `no tensor ${name}`}`);
  };
  const count = (pattern: string): number => {
    let n = 0;
    while (shapes.has(pattern.replace('#', String(n)))) n++;
    return n;
  };

  const patchSize = shapeOf('image_encoder.patch_embed.proj.weight', 4)[2]!;
  const [, gridSize, gridWidth, vitWidth] = shapeOf('image_encoder.pos_embed', 4) as [
    number,
    number,
    number,
    number,
  ];
  if (gridSize !== gridWidth || !isCount(gridSize) || !isCount(patchSize)) {
    throw contradiction(file, `has patches of ${patchSize} px on a grid of ${gridSize} x ${gridWidth}`);
  }
  const depth = count('image_encoder.blocks.#.norm1.weight');
  const relativePositions = shapes.has('image_encoder.blocks.0.attn.rel_pos_h');
  const heads = relativePositions
    ? vitWidth / shapeOf('image_encoder.blocks.0.attn.rel_pos_h', 2)[1]!
    : hints?.vision_config.num_attention_heads;
  if (heads === undefined || !isCount(heads) || !isCount(vitWidth / heads)) {
    throw contradiction(file, `tells no number of attention heads for a width of ${vitWidth}`);
  }
  const windows = Array.from({ length: depth }, (_, i) => {
    if (!relativePositions) return hintedWindow(hints?.vision_config, i);
    const window = (shapeOf(`image_encoder.blocks.${i}.attn.rel_pos_h`, 2)[0]! + 1) / 2;
    if (!isCount(window) || window > LARGEST_WINDOW) {
      throw contradiction(file, `has a window of ${window} tokens in block ${i}`);
    }
    // A window as large as the grid is the whole grid.
    return window === gridSize ? 0 : window;
  });

  const crossProjection = 'mask_decoder.transformer.layers.0.cross_attn_token_to_image.q_proj.weight';
  const [crossWidth, width] = shapeOf(crossProjection, 2) as [number, number];
  const iouDepth = count('mask_decoder.iou_prediction_head.layers.#.weight');
  const config: SamConfig = {
    imageSize: gridSize * patchSize,
    gridSize,
    encoder: {
      patchSize,
      width: vitWidth,
      heads,
      mlpWidth: shapeOf('image_encoder.blocks.0.mlp.lin1.weight', 2)[0]!,
      windows,
      relativePositions,
      layerNormEpsilon: hints?.vision_config.layer_norm_eps ?? DEFAULT_EPSILON,
    },
    width,
    maskChannels: [
      shapeOf('prompt_encoder.mask_downscaling.0.weight', 4)[0]!,
      shapeOf('prompt_encoder.mask_downscaling.3.weight', 4)[0]!,
    ],
    transformer: {
      width,
      depth: count('mask_decoder.transformer.layers.#.norm1.weight'),
      heads: hints?.mask_decoder_config.num_attention_heads ?? DEFAULT_DECODER_HEADS,
      mlpWidth: shapeOf('mask_decoder.transformer.layers.0.mlp.lin1.weight', 2)[0]!,
      crossWidth,
    },
    maskTokens: shapeOf('mask_decoder.mask_tokens.weight', 2)[0]!,
    iouHead: { depth: iouDepth, width: shapeOf('mask_decoder.iou_prediction_head.layers.0.weight', 2)[0]! },
  };
  if (
    width % 8 !== 0 ||
    crossWidth % config.transformer.heads !== 0 ||
    width % config.transformer.heads !== 0
  ) {
    throw contradiction(
      file,
      `has ${config.transformer.heads} decoder heads for widths of ${crossWidth} and ${width}`,
    );
  }
  if (hints !== undefined) compareWithHints(config, hints, file);
  return config;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}

/** Without relative positions no shape tells the windows. */
function hintedWindow(hints: SamHints['vision_config'] | undefined, block: number): number {
  const { global_attn_indexes: global = [], window_size: window = 0 } = hints ?? {};
  return global.includes(block) ? 0 : window;
}

function compareWithHints(config: SamConfig, { vision_config: hints }: SamHints, file: string): void {
  const { encoder, gridSize } = config;
  const pairs: (readonly [what: string, told: number | undefined, found: number])[] = [
    ['hidden_size', hints.hidden_size, encoder.width],
    ['num_hidden_layers', hints.num_hidden_layers, encoder.windows.length],
    ['num_attention_heads', hints.num_attention_heads, encoder.heads],
    ['image_size', hints.image_size, config.imageSize],
    ['patch_size', hints.patch_size, encoder.patchSize],
  ];
  encoder.windows.forEach((window, i) => {
    if (hints.global_attn_indexes === undefined || hints.window_size === undefined) return;
    const told = hintedWindow(hints, i);
    pairs.push([`window of block ${i}`, told === gridSize ? 0 : told, window]);
  });
  for (const [what, told, found] of pairs) {
    if (told !== undefined && told !== found) {
      throw contradiction(file, `has a ${what} of ${found}, but its config.json says ${told}`);
    }
  }
}

function contradiction(file: string, what: string): CheckpointError {
  return new CheckpointError({
    seen: `${file} ${what}`,
    need: 'The weights of a SAM or MedSAM model with a ViT encoder are needed',
    fix: 'Name a checkpoint such as sam_vit_b_01ec64.pth, or a folder with its own config.json and model.safetensors',
  });
}

const PUBLISHED: Readonly<Record<string, string>> = {
  '768x12': 'sam-vit-b',
  '1024x24': 'sam-vit-l',
  '1280x32': 'sam-vit-h',
};

/** `sam-vit-b`, `-l`, `-h`, or the width and depth of any other encoder. */
export function samName(config: SamConfig): string {
  const size = `${config.encoder.width}x${config.encoder.windows.length}`;
  return PUBLISHED[size] ?? `sam-vit-${size}`;
}
