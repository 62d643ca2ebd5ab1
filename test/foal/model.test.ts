/** Foal as a promptable model: recognised by its tensors alone, of any input size, used like any SAM. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { CheckpointError } from '../../src/base/errors.ts';
import { foalConfig } from '../../src/foal/config.ts';
import { readFoal } from '../../src/foal/weights.ts';
import {
  checkpointFromTensors,
  loadSamCheckpoint,
  type SamCheckpoint,
  samParameters,
} from '../../src/sam/checkpoint.ts';
import { samName } from '../../src/sam/config.ts';
import { SamPredictor } from '../../src/sam/predictor.ts';
import { openEmbeddingStore } from '../../src/sam/store.ts';
import { elementCount, type Float32NdArray, float32, type NdArray } from '../../src/tensor/array.ts';
import { encodeSafetensors } from '../../src/tensor/safetensors.ts';
import { tinyImage } from '../sam/tiny-model.ts';
import { temporaryFolder } from '../temporary.ts';
import { tinyFoal, tinyFoalCheckpoint } from './tiny.ts';

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder();
});

const BOX = { box: [15, 20, 40, 60] } as const;

describe('the file of a Foal', () => {
  test('tells its architecture; only the input size is the usual one', async () => {
    const { config, weights } = tinyFoalCheckpoint();
    const path = join(folder, 'foal.safetensors');
    await writeFile(path, encodeSafetensors(weights));
    const read = await loadSamCheckpoint(path);
    expect(read.name).toBe('foal-8-12-16-32');
    expect(read.config).toEqual({ ...config, imageSize: 1024, gridSize: 64 });
    expect(new Map(read.weights)).toEqual(new Map(weights));
  });

  test('with a config.json beside it is of that input size', async () => {
    const { config, weights } = tinyFoalCheckpoint();
    const inner = join(folder, 'model');
    await mkdir(inner);
    await writeFile(join(inner, 'model.safetensors'), encodeSafetensors(weights));
    const hints = { model_type: 'sam', vision_config: { image_size: 96 } };
    await writeFile(join(inner, 'config.json'), JSON.stringify(hints));
    expect((await loadSamCheckpoint(inner)).config).toEqual({ ...config, imageSize: 96, gridSize: 6 });
  });

  test.each<[string, (tensors: Map<string, NdArray>) => void, string]>([
    ['a stage that lacks', (t) => t.delete('image_encoder.stages.3.down.conv.weight'), 'stages.3.down.conv'],
    ['a fifth stage', (t) => t.set('image_encoder.stages.4.down.conv.weight', zeros(1)), 'left over'],
    ["SAM-HQ's token", (t) => t.set('mask_decoder.hf_token.weight', zeros(1, 16)), "SAM-HQ's token beside"],
    [
      'attention of half a head',
      (t) => t.set('image_encoder.stages.3.down.conv.weight', zeros(48, 16, 2, 2)),
      'attention over 48 features',
    ],
    [
      'places that mix half a head',
      (t) => t.set('mask_decoder.mixing.in.conv.weight', zeros(48, 16, 1, 1)),
      'mix 48 features',
    ],
    ['no early features', (t) => t.delete('image_encoder.early.weight'), 'early.weight is missing'],
  ])('with %s is refused', (_, change, message) => {
    const tensors = new Map<string, NdArray>(tinyFoalCheckpoint().weights);
    change(tensors);
    const load = (): unknown => checkpointFromTensors(tensors, undefined, 'foal.safetensors');
    expect(load).toThrow(CheckpointError);
    expect(load).toThrow(message);
  });
});

function zeros(...shape: number[]): Float32NdArray {
  return float32(shape, new Float32Array(elementCount(shape)));
}

describe('Foal', () => {
  test('fits into 8 MB in half precision, whatever the input size', () => {
    const specs = samParameters(foalConfig(512));
    expect(samParameters(foalConfig(1024))).toEqual(specs);
    expect(specs.reduce((sum, { shape }) => sum + elementCount(shape), 0)).toBeLessThan(4e6);
    expect(samName(foalConfig(1024))).toBe('foal-32-64-128-160');
  });

  test('answers prompts at every input size, from stored features too', async () => {
    const { name, weights } = tinyFoalCheckpoint();
    for (const imageSize of [64, 96]) {
      const store = openEmbeddingStore(join(folder, `store${imageSize}`), { precision: 'float32' });
      const checkpoint = { name, weights, config: tinyFoal(imageSize) };
      const model = new SamPredictor(checkpoint, { threads: 1, store });
      const fresh = await model.encode(tinyImage(), 'image');
      expect(await model.encode(tinyImage(), 'image')).toEqual(fresh);
      const [candidates] = await model.decode(fresh, [BOX], { multimask: true });
      expect(candidates!.map(({ lowResLogits }) => lowResLogits.length)).toEqual(
        new Array(3).fill((imageSize / 4) ** 2),
      );
      await model.close();
    }
  });

  test('sees grey: equal channels are their mean', async () => {
    const model = new SamPredictor(tinyFoalCheckpoint(), { threads: 1 });
    const plane = Float32Array.from({ length: 64 * 64 }, (_, i) => Math.sin(i * 0.37));
    const pixels = (factors: readonly number[]) =>
      float32([1, 3, 64, 64], Float32Array.from(factors.flatMap((f) => Array.from(plane, (v) => f * v))));
    const [equal, unequal] = [await model.embed(pixels([1, 1, 1])), await model.embed(pixels([0, 1, 2]))];
    unequal.embedding!.data.forEach((value, i) => {
      expect(value).toBeCloseTo(equal.embedding!.data[i]!, 4);
    });
    await model.close();
  });

  test('its places see each other once they know the prompt, but for one that learnt without', async () => {
    const { config, name, weights } = tinyFoalCheckpoint();
    const { mixing: _, ...apart } = config;
    const names = new Set(samParameters(apart).map((spec) => spec.name));
    const fresh = new Map(weights).set('mask_decoder.mixing.out.weight', zeros(16, 32, 1, 1));
    const answerOf = async (checkpoint: SamCheckpoint) => {
      const model = new SamPredictor(checkpoint, { threads: 1 });
      const encoded = await model.encode(tinyImage(), 'image');
      const answers = await model.decode(encoded, [BOX], { multimask: false });
      await model.close();
      return answers[0]![0]!.lowResLogits;
    };
    const without = new Map([...weights].filter(([key]) => names.has(key)));
    const old = await answerOf({ name, config: apart, weights: without });
    expect(await answerOf({ name, config, weights: fresh })).toEqual(old);
    expect(await answerOf({ name, config, weights })).not.toEqual(old);
    expect(checkpointFromTensors(without, undefined, 'foal.safetensors').config.mixing).toBeUndefined();

    // Its training goes on with what does nothing yet.
    const path = join(folder, 'apart.safetensors');
    await writeFile(path, encodeSafetensors(without));
    const started = await readFoal(path, config);
    expect([...started.keys()].sort()).toEqual([...weights.keys()].sort());
    expect(await answerOf({ name, config, weights: started })).toEqual(old);
    await expect(readFoal(path, foalConfig(64))).rejects.toThrow('foal-32-64-128-160');
  });

  test('its early features reach the mask', async () => {
    const model = new SamPredictor(tinyFoalCheckpoint(), { threads: 1 });
    const encoded = await model.encode(tinyImage(), 'image');
    const { features, resized } = encoded.data as { features: Record<string, NdArray>; resized: unknown };
    const blunt = { ...features, fine: zeros(...features.fine!.shape) };
    const answer = async (data: unknown) =>
      (await model.decode({ ...encoded, data }, [BOX], { multimask: false }))[0]![0]!.lowResLogits;
    expect(await answer({ features: blunt, resized })).not.toEqual(await answer({ features, resized }));
    await model.close();
  });
});
