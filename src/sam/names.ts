/**
 * @file From the tensor names of Hugging Face's SamModel to those of the original, facebookresearch/segment-anything,
 * which Packmule uses throughout.
 */

/** One rename after the other, each on the result of the one before. */
const RENAMES: readonly (readonly [from: RegExp, to: string])[] = [
  [/^vision_encoder\./, 'image_encoder.'],
  [/^(image_encoder\.patch_embed)\.projection\./, '$1.proj.'],
  [/^image_encoder\.layers\./, 'image_encoder.blocks.'],
  [/^(image_encoder\.blocks\.\d+)\.layer_norm/, '$1.norm'],
  [/^image_encoder\.neck\.conv1\./, 'image_encoder.neck.0.'],
  [/^image_encoder\.neck\.layer_norm1\./, 'image_encoder.neck.1.'],
  [/^image_encoder\.neck\.conv2\./, 'image_encoder.neck.2.'],
  [/^image_encoder\.neck\.layer_norm2\./, 'image_encoder.neck.3.'],
  [
    /^(shared_image_embedding|prompt_encoder\.shared_embedding)\.positional_embedding$/,
    'prompt_encoder.pe_layer.positional_encoding_gaussian_matrix',
  ],
  [/^prompt_encoder\.point_embed\./, 'prompt_encoder.point_embeddings.'],
  [/^prompt_encoder\.mask_embed\.conv1\./, 'prompt_encoder.mask_downscaling.0.'],
  [/^prompt_encoder\.mask_embed\.layer_norm1\./, 'prompt_encoder.mask_downscaling.1.'],
  [/^prompt_encoder\.mask_embed\.conv2\./, 'prompt_encoder.mask_downscaling.3.'],
  [/^prompt_encoder\.mask_embed\.layer_norm2\./, 'prompt_encoder.mask_downscaling.4.'],
  [/^prompt_encoder\.mask_embed\.conv3\./, 'prompt_encoder.mask_downscaling.6.'],
  [/^(mask_decoder\.transformer\.layers\.\d+)\.layer_norm/, '$1.norm'],
  [/^mask_decoder\.transformer\.layer_norm_final_attn\./, 'mask_decoder.transformer.norm_final_attn.'],
  [/^mask_decoder\.upscale_conv1\./, 'mask_decoder.output_upscaling.0.'],
  [/^mask_decoder\.upscale_layer_norm\./, 'mask_decoder.output_upscaling.1.'],
  [/^mask_decoder\.upscale_conv2\./, 'mask_decoder.output_upscaling.3.'],
];

/** A perceptron of the decoder: first layer `proj_in`, then `layers.0`..., last `proj_out`. */
const PERCEPTRON =
  /^(mask_decoder\.(?:output_hypernetworks_mlps\.\d+|iou_prediction_head))\.(proj_in|proj_out|layers\.(\d+))\./;

/** Whether a tensor name is one of Hugging Face's SamModel. */
export function isHuggingFaceName(name: string): boolean {
  return name.startsWith('vision_encoder.');
}

/** The original name of each of Hugging Face's names; names without counterpart stay as they are. */
export function originalNames(names: Iterable<string>): Map<string, string> {
  const all = [...names];
  const middleLayers = new Map<string, number>();
  for (const name of all) {
    const [, head, , middle] = PERCEPTRON.exec(name) ?? [];
    if (head !== undefined && middle !== undefined) {
      middleLayers.set(head, Math.max(middleLayers.get(head) ?? 0, Number(middle) + 1));
    }
  }
  return new Map(all.map((name) => [name, originalName(name, middleLayers)]));
}

function originalName(name: string, middleLayers: ReadonlyMap<string, number>): string {
  const perceptron = PERCEPTRON.exec(name);
  if (perceptron) {
    const [whole, head, layer, middle] = perceptron as unknown as [
      string,
      string,
      string,
      string | undefined,
    ];
    const last = (middleLayers.get(head) ?? 0) + 1;
    const index = layer === 'proj_in' ? 0 : layer === 'proj_out' ? last : Number(middle) + 1;
    return `${head}.layers.${index}.${name.slice(whole.length)}`;
  }
  return RENAMES.reduce((result, [from, to]) => result.replace(from, to), name);
}
