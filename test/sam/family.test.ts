/** MobileSAM and SAM-HQ: recognised by their tensors, and used like any SAM. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { CheckpointError } from '../../src/base/errors.ts';
import type { Image } from '../../src/imaging/image.ts';
import { readImage } from '../../src/imaging/read.ts';
import { createRefiner } from '../../src/refine/index.ts';
import { refineSettingsSchema } from '../../src/refine/settings.ts';
import { checkpointFromTensors, loadSamCheckpoint } from '../../src/sam/checkpoint.ts';
import { samName } from '../../src/sam/config.ts';
import { SamPredictor } from '../../src/sam/predictor.ts';
import type { MaskPrompt } from '../../src/sam/promptable.ts';
import { imageKey } from '../../src/sam/segment.ts';
import { openEmbeddingStore } from '../../src/sam/store.ts';
import { float32, type NdArray } from '../../src/tensor/array.ts';
import { readSafetensors } from '../../src/tensor/safetensors.ts';
import { contextOf, disk, initialMask } from '../refine/scenes.ts';
import { temporaryFolder } from '../temporary.ts';
import { fixturePath, fixtureTensors } from './fixtures.ts';
import { tinyCheckpoint, tinyConfig } from './tiny-model.ts';

const HINTS = { vision_config: { image_size: 96 }, mask_decoder_config: { num_attention_heads: 4 } };

let [mobile, hqVit]: Map<string, NdArray>[] = [];
let image: Image;
let folder: string;
beforeAll(async () => {
  mobile = await fixtureTensors('mobile-sam');
  hqVit = await fixtureTensors('sam-hq-vit');
  image = await readImage(fixturePath('sam-hq-tiny', 'image.png'));
  folder = await temporaryFolder();
});

describe('the architecture is read off the tensors', () => {
  test('of MobileSAM', async () => {
    const { name, config, weights } = await loadSamCheckpoint(fixturePath('mobile-sam', 'model.pth'));
    expect(name).toBe('mobile-sam-8-12-16-24');
    expect(config).toMatchObject({ imageSize: 96, gridSize: 6, width: 16, highQuality: false });
    expect(config.encoder).toEqual({
      kind: 'tiny-vit',
      stem: 4,
      convolutions: { width: 8, depth: 2, hidden: 32 },
      stages: [
        { width: 12, depth: 1, heads: 2, window: 5, mlpWidth: 48 },
        { width: 16, depth: 2, heads: 4, window: 6, mlpWidth: 64 },
        { width: 24, depth: 1, heads: 3, window: 4, mlpWidth: 96 },
      ],
    });
    const left = [...mobile!.keys()].filter((tensor) => !weights.has(tensor));
    expect(left.filter((tensor) => !tensor.endsWith('num_batches_tracked'))).toEqual([
      'image_encoder.norm_head.weight',
      'image_encoder.norm_head.bias',
      'image_encoder.head.weight',
      'image_encoder.head.bias',
    ]);
  });

  test('of SAM-HQ, on a ViT and on a TinyViT', async () => {
    const vit = await loadSamCheckpoint(fixturePath('sam-hq-vit', 'model.pth'));
    expect(vit.name).toBe('sam-hq-vit-24x4');
    expect(vit.config).toMatchObject({ highQuality: true, encoder: { windows: [4, 0, 4, 0] } });
    const tiny = await loadSamCheckpoint(fixturePath('sam-hq-tiny', 'model.pth'));
    expect(tiny.name).toBe('sam-hq-vit-tiny-8-12-16-24');
    expect(tiny.config).toMatchObject({ highQuality: true, encoder: { kind: 'tiny-vit' } });
  });

  test('a TinyViT without a config.json sees 1024 px', () => {
    const { config } = checkpointFromTensors(mobile!, undefined, 'mobile_sam.pt');
    expect(config).toMatchObject({ imageSize: 1024, gridSize: 64, transformer: { heads: 8 } });
  });

  test('published sizes have names', () => {
    const stage = (width: number) => ({ width, depth: 2, heads: 2, window: 7, mlpWidth: 4 * width });
    const encoder = {
      kind: 'tiny-vit' as const,
      stem: 32,
      convolutions: { width: 64, depth: 2, hidden: 256 },
      stages: [stage(128), stage(160), stage(320)] as const,
    };
    expect(samName({ ...tinyConfig, encoder })).toBe('mobile-sam');
    expect(samName({ ...tinyConfig, encoder, highQuality: true })).toBe('sam-hq-vit-tiny');
    const large = { ...VIT, width: 1024, windows: new Array<number>(24).fill(14) };
    expect(samName({ ...tinyConfig, encoder: large, highQuality: true })).toBe('sam-hq-vit-l');
  });
});

const VIT = {
  kind: 'vit',
  patchSize: 16,
  heads: 16,
  mlpWidth: 4096,
  relativePositions: true,
  layerNormEpsilon: 1e-6,
} as const;

describe('what does not fit is named', () => {
  const statistic = 'image_encoder.layers.2.blocks.1.local_conv.bn.running_var';
  const table = 'image_encoder.layers.1.blocks.0.attn.attention_biases';
  test.each<[string, 'mobile' | 'hqVit', (tensors: Map<string, NdArray>) => void, string]>([
    ['a missing statistic', 'mobile', (t) => t.delete(statistic), `${statistic} is missing`],
    ['a classifier of a ViT', 'hqVit', (t) => t.set('image_encoder.head.bias', zeros(1)), 'is left over'],
    ['a missing stage', 'mobile', (t) => remove(t, /layers\.3\./), 'no tensor image_encoder.layers.3'],
    [
      'a stage too many',
      'mobile',
      (t) => t.set('image_encoder.layers.4.x', zeros(1)),
      'layers.4.x is left over',
    ],
    [
      'windows that are not square',
      'mobile',
      (t) => t.set(table, zeros(2, 24)),
      'windows of 24 places in stage 1',
    ],
    [
      'heads that do not divide',
      'mobile',
      (t) => t.set(table, zeros(5, 25)),
      '5 attention heads for a width of 12',
    ],
    ['a part of SAM-HQ', 'hqVit', (t) => remove(t, /hf_mlp/), 'hf_mlp.layers.0.weight is missing'],
    ['SAM-HQ without its token', 'hqVit', (t) => remove(t, /hf_token/), 'left over'],
    [
      'SAM-HQ on a ViT without early features',
      'hqVit',
      (t) => {
        for (const [name, { shape }] of t) {
          if (/rel_pos/.test(name)) t.set(name, zeros(7, shape[1]!));
        }
      },
      'no block of global attention',
    ],
  ])('%s', (_, model, change, message) => {
    const tensors = new Map(model === 'mobile' ? mobile : hqVit);
    change(tensors);
    const load = (): unknown => checkpointFromTensors(tensors, HINTS, 'model.pth');
    expect(load).toThrow(CheckpointError);
    expect(load).toThrow(message);
  });

  test('an input size that is no multiple of the place', () => {
    const hints = { ...HINTS, vision_config: { image_size: 100 } };
    expect(() => checkpointFromTensors(mobile!, hints, 'model.pth')).toThrow(/input of 100 px/);
  });

  test.each([
    ['a SAM 3 model', ['detector.backbone.vision_backbone.trunk.pos_embed']],
    [
      'a SAM 2 model',
      ['maskmem_tpos_enc', 'image_encoder.trunk.pos_embed', 'memory_encoder.pix_feat_proj.bias'],
    ],
    ['a SAM 2 model', ['no_memory_embedding', 'vision_encoder.backbone.pos_embed']],
    [
      'a SAM with another image encoder',
      ['mask_decoder.iou_token.weight', 'image_encoder.backbone.stem.weight'],
    ],
    ['a SAM without its image encoder', ['mask_decoder.iou_token.weight']],
    ['a diffusion model', ['model.diffusion_model.input_blocks.0.0.bias']],
    ['a language model', ['model.embed_tokens.weight', 'model.layers.0.mlp.up_proj.weight']],
    ['a YOLO detector', ['model.0.conv.weight']],
    ['a U-Net', ['inc.double_conv.0.weight', 'down1.maxpool_conv.1.double_conv.0.weight']],
    ['a U-Net', ['encoder.0.conv0.weight', 'head.weight']],
    ['a ResNet', ['conv1.weight', 'layer1.0.conv1.weight']],
    ['a vision transformer without a decoder', ['cls_token', 'blocks.0.attn.qkv.weight']],
  ])('weights that seem to be %s', (what, names) => {
    const tensors = new Map(names.map((name) => [name, zeros(1)]));
    expect(() => checkpointFromTensors(tensors, undefined, 'x.pth')).toThrow(`it seems to be ${what}`);
  });

  test('weights of nothing known, and none at all', () => {
    const tensors = new Map(['a', 'b', 'c', 'd'].map((name) => [name, zeros(1)]));
    expect(() => checkpointFromTensors(tensors, undefined, 'x.pth')).toThrow(
      'its tensors are a, b, c and so on',
    );
    expect(() => checkpointFromTensors(new Map(), undefined, 'x.pth')).toThrow('it holds no tensors');
  });
});

function zeros(...shape: number[]): NdArray {
  return float32(shape, new Float32Array(shape.reduce((a, b) => a * b, 1)));
}

function remove(tensors: Map<string, NdArray>, pattern: RegExp): void {
  for (const name of tensors.keys()) if (pattern.test(name)) tensors.delete(name);
}

describe('SAM-HQ as a promptable model', () => {
  const prompts: MaskPrompt[] = [
    { box: [9, 12, 37, 50] },
    { box: [30, 5, 50, 70] },
    { box: [1, 1, 20, 20] },
    { points: [{ xy: [22, 31], positive: true }] },
  ];

  test('prompts in one call give what each gives alone', async () => {
    const model = new SamPredictor(await loadSamCheckpoint(fixturePath('sam-hq-tiny', 'model.pth')), {
      threads: 1,
    });
    const encoded = await model.encode(image, imageKey(image));
    const together = await model.decode(encoded, prompts, { multimask: true });
    for (const [i, prompt] of prompts.entries()) {
      const [alone] = await model.decode(encoded, [prompt], { multimask: true });
      expect(alone!.length).toBe(3);
      for (const [k, { lowResLogits }] of alone!.entries()) {
        lowResLogits.forEach((logit, at) => {
          expect(together[i]![k]!.lowResLogits[at]).toBeCloseTo(logit, 4);
        });
      }
    }
    await model.close();
  });

  test('a store keeps both kinds of features, and a model of SAM one', async () => {
    const store = openEmbeddingStore(join(folder, 'hq'), { precision: 'float32' });
    const checkpoint = await loadSamCheckpoint(fixturePath('sam-hq-vit', 'model.pth'));
    const model = new SamPredictor(checkpoint, { threads: 1, store });
    const [fresh, read] = [await model.encode(image, 'x'), await model.encode(image, 'x')];
    expect(read).toEqual(fresh);
    const [file] = (await readdir(folder, { recursive: true })).filter((name) =>
      name.endsWith('x.safetensors'),
    );
    const stored = await readSafetensors(join(folder, file!));
    expect([...stored].map(([name, { shape }]) => [name, shape])).toEqual([
      ['embedding', [1, 16, 6, 6]],
      ['fine', [1, 2, 24, 24]],
    ]);
    expect(await model.decode(read, prompts, { multimask: false })).toEqual(
      await model.decode(fresh, prompts, { multimask: false }),
    );
    await model.close();

    const sam = new SamPredictor(tinyCheckpoint(), { threads: 1 });
    const pixels = float32([1, 3, 64, 64], new Float32Array(3 * 64 * 64).fill(0.5));
    expect(Object.keys(await sam.embed(pixels))).toEqual(['embedding']);
    await sam.close();
  });

  test('refines masks without further settings', async () => {
    const model = new SamPredictor(await loadSamCheckpoint(fixturePath('sam-hq-tiny', 'model.pth')), {
      threads: 1,
    });
    const refiner = createRefiner(refineSettingsSchema.parse({ refiner: 'sam' }), { model });
    const initial = [initialMask(0, disk(22, 31, 9, image)), initialMask(1, disk(42, 40, 6, image))];
    const refined = await refiner.refine(image, initial, contextOf(2));
    expect(refined.map(({ provenance }) => provenance.model)).toEqual(new Array(2).fill(model.name));
    expect(refined.map(({ provenance }) => provenance.passes)).toEqual([
      [expect.anything(), expect.anything()],
      [expect.anything(), expect.anything()],
    ]);
    await model.close();
  });
});
