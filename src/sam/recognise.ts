/** @file What weights are that are none of a SAM model, by the names of their tensors: for error messages. */

/** The first row of which any name matches. */
const SIGNATURES: readonly (readonly [names: RegExp, what: string])[] = [
  [/^(detector|tracker)\.(backbone|.*vision_backbone)\./, 'a SAM 3 model'],
  [/^(image_encoder\.trunk|sam_mask_decoder|memory_encoder)\.|^no_memory_embedding$/, 'a SAM 2 model'],
  [/^image_encoder\./, 'a SAM with another image encoder'],
  [/^(mask_decoder|prompt_encoder)\./, 'a SAM without its image encoder'],
  [/^(model\.diffusion_model|down_blocks)\./, 'a diffusion model'],
  [/(^|\.)(embed_tokens|word_embeddings|wte|lm_head|token_embedding)\./, 'a language model'],
  [/^model\.\d+\.(conv|cv\d|m\.\d+)\./, 'a YOLO detector, such as FastSAM'],
  [
    /(^|\.)(double_conv|inc|down\d+|up\d+)\.|^(encoder|decoder)\.(stages\.)?\d+\.(conv|\d)|^(encoder\.stages|decoder\.blocks)\./,
    'a U-Net',
  ],
  [/(^|\.)layer[1-4]\.\d+\.conv\d\./, 'a ResNet'],
  [/(^|\.)blocks\.\d+\.attn\.qkv\./, 'a vision transformer without a decoder'],
];

const SHOWN_NAMES = 3;

/** A clause such as `it seems to be a U-Net`. */
export function whatItSeems(names: readonly string[]): string {
  if (names.length === 0) return 'it holds no tensors';
  const signature = SIGNATURES.find(([pattern]) => names.some((name) => pattern.test(name)));
  if (signature) return `it seems to be ${signature[1]}`;
  return `its tensors are ${names.slice(0, SHOWN_NAMES).join(', ')}${names.length > SHOWN_NAMES ? ' and so on' : ''}`;
}
