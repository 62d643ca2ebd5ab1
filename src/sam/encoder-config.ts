/**
 * @file The architecture of SAM's image encoder, read off the shapes of its tensors: a ViT of any size, the TinyViT of
 * MobileSAM, or the convolutions of Foal. The latter two have no position embeddings, so that nothing tells their input
 * size: it is 1024 px, unless a config.json says otherwise.
 */
import { type ConvStage, HEAD_WIDTH } from '../nn/conv-blocks.ts';
import type { ConvEncoderConfig } from '../nn/conv-encoder.ts';
import type { AttentionStage, TinyVitConfig } from '../nn/tiny-vit.ts';
import type { VitConfig } from '../nn/vit.ts';
import type { SamHints } from './hints.ts';
import { isCount, type TensorShapes } from './shapes.ts';

export type EncoderConfig =
  | (VitConfig & { readonly kind: 'vit' })
  | (TinyVitConfig & { readonly kind: 'tiny-vit' })
  | (ConvEncoderConfig & { readonly kind: 'conv' });

export interface SizedEncoder {
  readonly encoder: EncoderConfig;
  /** Side of the encoder's square input in px. */
  readonly imageSize: number;
  /** Side of the embedding in places. */
  readonly gridSize: number;
}

const DEFAULT_EPSILON = 1e-6;
/** In tokens; published models have up to 14. Larger ones would only be padding to fill the memory with. */
const LARGEST_WINDOW = 1024;
/** Of encoders without position embeddings. */
const USUAL_IMAGE_SIZE = 1024;
/** Side of a place in px, of encoders that do not tell it. */
const PLACE_PX = 16;
/** Sides of a convolutional encoder's input are multiples of this. */
const COARSEST_PX = 32;

/** @throws CheckpointError when the encoder is another, or its shapes contradict each other or the hints */
export function encoderFromShapes(shapes: TensorShapes, hints: SamHints | undefined): SizedEncoder {
  if (shapes.has('image_encoder.patch_embed.seq.0.c.weight')) return tinyVitFromShapes(shapes, hints);
  if (shapes.has('image_encoder.stem.conv.weight')) return convFromShapes(shapes, hints);
  if (shapes.has('image_encoder.patch_embed.proj.weight')) return vitFromShapes(shapes, hints);
  throw shapes.isAnother('image_encoder.patch_embed.proj.weight');
}

function tinyVitFromShapes(shapes: TensorShapes, hints: SamHints | undefined): SizedEncoder {
  const imageSize = hintedImageSize(shapes, hints, PLACE_PX);
  const layers = 'image_encoder.layers';
  const stage = (i: number): AttentionStage => {
    const block = `${layers}.${i}.blocks.0`;
    const [mlpWidth, width] = shapes.of(`${block}.mlp.fc1.weight`, 2) as [number, number];
    const [heads, distances] = shapes.of(`${block}.attn.attention_biases`, 2) as [number, number];
    const window = Math.sqrt(distances);
    if (!isCount(window) || window > LARGEST_WINDOW) {
      throw shapes.refusal(`has windows of ${distances} places in stage ${i}`);
    }
    if (!isCount(heads) || !isCount(width / heads)) {
      throw shapes.refusal(`has ${heads} attention heads for a width of ${width} in stage ${i}`);
    }
    const depth = shapes.count(`${layers}.${i}.blocks.`);
    return { width, depth, heads, window, mlpWidth };
  };
  const [hidden, width] = shapes.of(`${layers}.0.blocks.0.conv1.c.weight`, 4) as [number, number];
  return {
    imageSize,
    gridSize: imageSize / PLACE_PX,
    encoder: {
      kind: 'tiny-vit',
      stem: shapes.of('image_encoder.patch_embed.seq.0.c.weight', 4)[0]!,
      convolutions: { width, depth: shapes.count(`${layers}.0.blocks.`), hidden },
      stages: [stage(1), stage(2), stage(3)],
    },
  };
}

function hintedImageSize(shapes: TensorShapes, hints: SamHints | undefined, multiple: number): number {
  const imageSize = hints?.vision_config.image_size ?? USUAL_IMAGE_SIZE;
  if (isCount(imageSize / multiple)) return imageSize;
  throw shapes.refusal(`has an input of ${imageSize} px by its config.json, no multiple of ${multiple}`);
}

function convFromShapes(shapes: TensorShapes, hints: SamHints | undefined): SizedEncoder {
  const imageSize = hintedImageSize(shapes, hints, COARSEST_PX);
  const stage = (i: number): ConvStage => ({
    width: shapes.of(`image_encoder.stages.${i}.down.conv.weight`, 4)[0]!,
    depth: shapes.count(`image_encoder.stages.${i}.blocks.`),
  });
  const stages = [stage(0), stage(1), stage(2), stage(3)] as const;
  const contexts = shapes.count('image_encoder.contexts.');
  if (contexts > 0 && !isCount(stages[3].width / HEAD_WIDTH)) {
    throw shapes.refusal(`has attention over ${stages[3].width} features, no multiple of ${HEAD_WIDTH}`);
  }
  const stem = shapes.of('image_encoder.stem.conv.weight', 4)[0]!;
  return { imageSize, gridSize: imageSize / PLACE_PX, encoder: { kind: 'conv', stem, stages, contexts } };
}

function vitFromShapes(shapes: TensorShapes, hints: SamHints | undefined): SizedEncoder {
  const patchSize = shapes.of('image_encoder.patch_embed.proj.weight', 4)[2]!;
  const [, gridSize, gridWidth, width] = shapes.of('image_encoder.pos_embed', 4) as [
    number,
    number,
    number,
    number,
  ];
  if (gridSize !== gridWidth || !isCount(gridSize) || !isCount(patchSize)) {
    throw shapes.refusal(`has patches of ${patchSize} px on a grid of ${gridSize} x ${gridWidth}`);
  }
  const depth = shapes.count('image_encoder.blocks.');
  const relativePositions = shapes.names().some((name) => name.endsWith('.attn.rel_pos_h'));
  const heads = relativePositions
    ? width / shapes.of('image_encoder.blocks.0.attn.rel_pos_h', 2)[1]!
    : hints?.vision_config.num_attention_heads;
  if (heads === undefined || !isCount(heads) || !isCount(width / heads)) {
    throw shapes.refusal(`tells no number of attention heads for a width of ${width}`);
  }
  const windows = Array.from({ length: depth }, (_, i) => {
    if (!relativePositions) return hintedWindow(hints?.vision_config, i);
    const window = (shapes.of(`image_encoder.blocks.${i}.attn.rel_pos_h`, 2)[0]! + 1) / 2;
    if (!isCount(window) || window > LARGEST_WINDOW) {
      throw shapes.refusal(`has a window of ${window} tokens in block ${i}`);
    }
    // A window as large as the grid is the whole grid.
    return window === gridSize ? 0 : window;
  });
  const encoder = {
    kind: 'vit' as const,
    patchSize,
    width,
    heads,
    mlpWidth: shapes.of('image_encoder.blocks.0.mlp.lin1.weight', 2)[0]!,
    windows,
    relativePositions,
    layerNormEpsilon: hints?.vision_config.layer_norm_eps ?? DEFAULT_EPSILON,
  };
  const imageSize = gridSize * patchSize;
  if (hints !== undefined) compareWithHints(shapes, encoder, imageSize, hints);
  return { encoder, imageSize, gridSize };
}

/** Without relative positions no shape tells the windows. */
function hintedWindow(hints: SamHints['vision_config'] | undefined, block: number): number {
  const { global_attn_indexes: global = [], window_size: window = 0 } = hints ?? {};
  return global.includes(block) ? 0 : window;
}

function compareWithHints(
  shapes: TensorShapes,
  encoder: VitConfig,
  imageSize: number,
  { vision_config: hints }: SamHints,
): void {
  const pairs: (readonly [what: string, told: number | undefined, found: number])[] = [
    ['hidden_size', hints.hidden_size, encoder.width],
    ['num_hidden_layers', hints.num_hidden_layers, encoder.windows.length],
    ['num_attention_heads', hints.num_attention_heads, encoder.heads],
    ['image_size', hints.image_size, imageSize],
    ['patch_size', hints.patch_size, encoder.patchSize],
  ];
  encoder.windows.forEach((window, i) => {
    if (hints.global_attn_indexes === undefined || hints.window_size === undefined) return;
    const told = hintedWindow(hints, i);
    pairs.push([`window of block ${i}`, told * encoder.patchSize === imageSize ? 0 : told, window]);
  });
  for (const [what, told, found] of pairs) {
    if (told !== undefined && told !== found) {
      throw shapes.refusal(`has a ${what} of ${found}, but its config.json says ${told}`);
    }
  }
}
