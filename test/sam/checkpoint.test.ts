import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { CheckpointError } from '../../src/base/errors.ts';
import { checkpointFromTensors, loadSamCheckpoint, weightsHash } from '../../src/sam/checkpoint.ts';
import { samName } from '../../src/sam/config.ts';
import { parseHints } from '../../src/sam/hints.ts';
import { float32, type NdArray } from '../../src/tensor/array.ts';
import { float32ToFloat16 } from '../../src/tensor/float16.ts';
import { encodeSafetensors, readSafetensors } from '../../src/tensor/safetensors.ts';
import { sharedPath } from '../shared.ts';
import { temporaryFolder } from '../temporary.ts';
import { tinyCheckpoint, tinyConfig } from './tiny-model.ts';

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder();
});

const tiny = tinyCheckpoint();

test('shapes alone tell the architecture', () => {
  const loaded = checkpointFromTensors(tiny.weights, undefined, 'tiny.pth');
  expect(loaded.config).toEqual(tinyConfig);
  expect(loaded.name).toBe('sam-vit-24x2');
  expect(loaded.weights).toEqual(tiny.weights);
});

test('half precision weights and those of a wrapped module are read', () => {
  const halves = new Map<string, NdArray>(
    [...tiny.weights].map(([name, { shape, data }]) => [
      `module.${name}`,
      { dtype: 'float16', shape, data: float32ToFloat16(data) },
    ]),
  );
  const loaded = checkpointFromTensors(halves, undefined, 'tiny.pth');
  expect(loaded.config).toEqual(tinyConfig);
  expect(loaded.weights.get('image_encoder.pos_embed')!.data).toBeInstanceOf(Float32Array);
});

test('published sizes have names', () => {
  const encoder = { ...tinyConfig.encoder, width: 1280, windows: new Array<number>(32).fill(14) };
  expect(samName({ ...tinyConfig, encoder })).toBe('sam-vit-h');
});

describe('what does not fit is an error that lists the differences', () => {
  const changed = (change: (weights: Map<string, NdArray>) => void): Map<string, NdArray> => {
    const weights = new Map<string, NdArray>(tiny.weights);
    change(weights);
    return weights;
  };
  const without = (names: RegExp) =>
    changed((w) => {
      for (const name of tiny.weights.keys()) if (names.test(name)) w.delete(name);
    });
  const bias = 'image_encoder.blocks.1.attn.proj.bias';
  test.each([
    ['missing', changed((w) => w.delete(bias)), `${bias} is missing`],
    ['left over', changed((w) => w.set('head.weight', float32([1], [0]))), 'head.weight is left over'],
    ['another shape', changed((w) => w.set(bias, float32([3], [1, 2, 3]))), `${bias} is [3] instead of [24]`],
    [
      'of a telling tensor',
      changed((w) => w.delete('image_encoder.pos_embed')),
      'has no tensor image_encoder.pos_embed',
    ],
    ['the first block', without(/blocks\.0\./), 'has no tensor image_encoder.blocks.0.attn.rel_pos_h'],
    [
      'a layer between others',
      without(/iou_prediction_head\.layers\.1\./),
      'mask_decoder.iou_prediction_head.layers.1.weight is missing',
    ],
    ['norms of all blocks', without(/blocks\.\d+\.norm1/), 'image_encoder.blocks.0.norm1.weight is missing'],
    [
      'a decoder',
      without(/^mask_decoder/),
      'has no tensor mask_decoder.transformer.layers.0.cross_attn_token_to_image.q_proj.weight, mask_decoder.iou_token.weight, mask_decoder.mask_tokens.weight nor 2 more',
    ],
    [
      'all of another architecture',
      new Map<string, NdArray>(
        ['conv1.weight', 'layer1.0.conv1.weight', 'layer1.0.conv2.weight', 'fc.weight', 'fc.bias'].map(
          (name) => [name, float32([1], [0])],
        ),
      ),
      'has no tensor image_encoder.patch_embed.proj.weight, prompt_encoder.point_embeddings.0.weight, prompt_encoder.mask_downscaling.0.weight nor 4 more; conv1.weight, layer1.0.conv1.weight, layer1.0.conv2.weight and 2 more left over; it seems to be a ResNet',
    ],
    [
      'a window that is none',
      changed((w) => w.set('image_encoder.blocks.0.attn.rel_pos_h', float32([4, 12], new Float32Array(48)))),
      'a window of 2.5 tokens in block 0',
    ],
    [
      'an empty grid',
      changed((w) => w.set('image_encoder.pos_embed', float32([1, 0, 0, 24], []))),
      'on a grid of 0 x 0',
    ],
    ['nothing at all', new Map<string, NdArray>(), 'has no tensor image_encoder.patch_embed.proj.weight'],
    [
      'a long list',
      changed((w) => {
        for (const name of tiny.weights.keys()) if (name.includes('mlp.lin1.bias')) w.delete(name);
        for (const name of tiny.weights.keys()) if (name.includes('norm2')) w.delete(name);
      }),
      'and 7 more',
    ],
  ])('%s', (_, weights, message) => {
    const load = (): unknown => checkpointFromTensors(weights, undefined, 'tiny.pth');
    expect(load).toThrow(CheckpointError);
    expect(load).toThrow(message);
    expect(load).toThrow('tiny.pth');
  });

  test.each([
    [
      'hidden_size',
      { vision_config: { hidden_size: 768 } },
      'hidden_size of 24, but its config.json says 768',
    ],
    ['windows', { vision_config: { window_size: 3, global_attn_indexes: [0, 1] } }, 'window of block 0'],
    ['heads', { mask_decoder_config: { num_attention_heads: 3 } }, '3 decoder heads'],
  ])('config.json of another model: %s', (_, json, message) => {
    const hints = parseHints(JSON.stringify(json), 'config.json');
    expect(() => checkpointFromTensors(tiny.weights, hints, 'tiny.pth')).toThrow(message);
  });

  test.each([
    ['not JSON', '{', /is not JSON/],
    ['another model', '{"model_type":"vit"}', /model_type/],
    ['another activation', '{"vision_config":{"hidden_act":"relu"}}', /vision_config\.hidden_act/],
  ])('config.json that is %s', (_, text, message) => {
    expect(() => parseHints(text, 'config.json')).toThrow(message);
  });
});

test('a folder needs config.json and weights; a missing file is named', async () => {
  await expect(loadSamCheckpoint(folder)).rejects.toThrow(/no config\.json/);
  await expect(loadSamCheckpoint(join(folder, 'none.pth'))).rejects.toThrow(/none\.pth cannot be opened/);
  await writeFile(join(folder, 'tiny.safetensors'), encodeSafetensors(tiny.weights));
  await writeFile(join(folder, 'config.json'), '{"model_type":"another","vision_config":{"hidden_size":5}}');
  expect((await loadSamCheckpoint(join(folder, 'tiny.safetensors'))).config).toEqual(tinyConfig);
  await expect(loadSamCheckpoint(folder)).rejects.toThrow(/model_type/);
  await writeFile(join(folder, 'config.json'), '{"model_type":"sam"}');
  await expect(loadSamCheckpoint(folder)).rejects.toThrow(/model\.safetensors cannot be opened/);
  await writeFile(join(folder, 'model.safetensors'), encodeSafetensors(tiny.weights));
  expect((await loadSamCheckpoint(folder)).config).toEqual(tinyConfig);
});

test('the hash tells weights apart, whatever their order', () => {
  expect(weightsHash(new Map([...tiny.weights].reverse()))).toBe(weightsHash(tiny.weights));
  expect(weightsHash(tinyCheckpoint(2).weights)).not.toBe(weightsHash(tiny.weights));
});

const reference = sharedPath('golden/sam-tiny');
test.skipIf(reference === undefined)("Meta's and Hugging Face's files are the same model", async () => {
  const meta = await loadSamCheckpoint(join(reference!, 'sam_tiny_meta.pth'));
  const face = await loadSamCheckpoint(reference!);
  expect(face.config).toEqual(meta.config);
  expect(weightsHash(face.weights)).toBe(weightsHash(meta.weights));
  expect(meta.config.encoder).toMatchObject({ windows: [5, 5, 0] });
  const names = await readSafetensors(join(reference!, 'model.safetensors'));
  expect(face.weights.size).toBe(names.size - 1);
});
