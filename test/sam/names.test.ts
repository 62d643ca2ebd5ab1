import { expect, test } from 'vitest';
import { originalNames } from '../../src/sam/names.ts';

test.each([
  ['vision_encoder.pos_embed', 'image_encoder.pos_embed'],
  ['vision_encoder.patch_embed.projection.weight', 'image_encoder.patch_embed.proj.weight'],
  ['vision_encoder.layers.11.layer_norm2.bias', 'image_encoder.blocks.11.norm2.bias'],
  ['vision_encoder.neck.layer_norm1.weight', 'image_encoder.neck.1.weight'],
  ['prompt_encoder.mask_embed.conv3.bias', 'prompt_encoder.mask_downscaling.6.bias'],
  ['mask_decoder.transformer.layers.1.layer_norm4.weight', 'mask_decoder.transformer.layers.1.norm4.weight'],
  ['mask_decoder.transformer.layer_norm_final_attn.bias', 'mask_decoder.transformer.norm_final_attn.bias'],
  ['something.else', 'something.else'],
])('%s', (name, original) => {
  expect(originalNames([name]).get(name)).toBe(original);
});

test('perceptrons of any depth are numbered through', () => {
  const head = 'mask_decoder.iou_prediction_head';
  const deep = ['proj_in', 'layers.0', 'layers.1', 'proj_out'].map((layer) => `${head}.${layer}.weight`);
  const shallow = ['proj_in', 'proj_out'].map(
    (layer) => `mask_decoder.output_hypernetworks_mlps.2.${layer}.bias`,
  );
  expect([...originalNames([...deep, ...shallow]).values()]).toEqual([
    ...[0, 1, 2, 3].map((i) => `${head}.layers.${i}.weight`),
    ...[0, 1].map((i) => `mask_decoder.output_hypernetworks_mlps.2.layers.${i}.bias`),
  ]);
});
