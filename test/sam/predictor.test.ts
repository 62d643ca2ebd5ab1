import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RefineError } from '../../src/base/errors.ts';
import { featureShapes } from '../../src/sam/image-encoder.ts';
import { SamPredictor } from '../../src/sam/predictor.ts';
import type { EncodedImage, MaskPrediction, MaskPrompt } from '../../src/sam/promptable.ts';
import { imageKey, segmentImage } from '../../src/sam/segment.ts';
import { openEmbeddingStore } from '../../src/sam/store.ts';
import { float32 } from '../../src/tensor/array.ts';
import { encodeSafetensors } from '../../src/tensor/safetensors.ts';
import { temporaryFolder } from '../temporary.ts';
import { tinyCheckpoint, tinyConfig, tinyImage, widerConfig } from './tiny-model.ts';

const image = tinyImage();
const checkpoint = tinyCheckpoint();
let predictor: SamPredictor;
let encoded: EncodedImage;
let folder: string;
beforeAll(async () => {
  predictor = new SamPredictor(checkpoint, { threads: 1 });
  encoded = await predictor.encode(image, imageKey(image));
  folder = await temporaryFolder();
});
afterAll(() => predictor.close());

function expectClose(ours: readonly MaskPrediction[], others: readonly MaskPrediction[]): void {
  expect(ours.length).toBe(others.length);
  ours.forEach((prediction, i) => {
    const other = others[i]!;
    expect(prediction.predictedIou).toBeCloseTo(other.predictedIou, 4);
    const error = Math.max(
      ...prediction.lowResLogits.map((logit, k) => Math.abs(logit - other.lowResLogits[k]!)),
    );
    expect(error).toBeLessThan(1e-4);
  });
}

test('prompts of all kinds in one call give what each gives alone, in their order', async () => {
  const [first] = await predictor.decode(encoded, [{ box: [10, 10, 40, 60] }], { multimask: false });
  const { lowResLogits } = first![0]!;
  const boxes = Array.from({ length: 11 }, (_, i): MaskPrompt => ({ box: [i, 2 * i, 30 + i, 50 + i] }));
  const prompts: MaskPrompt[] = [
    { points: [{ xy: [20, 30], positive: true }] },
    ...boxes,
    {
      points: [
        { xy: [20, 30], positive: true },
        { xy: [5, 5], positive: false },
      ],
      lowResLogits,
    },
    { box: [10, 10, 40, 60], points: [{ xy: [20, 30], positive: true }] },
    { lowResLogits },
    { points: [{ xy: [20, 31], positive: false }] },
  ];
  const together = await predictor.decode(encoded, prompts, { multimask: true });
  expect(together.length).toBe(prompts.length);
  for (const [i, prompt] of prompts.entries()) {
    const [alone] = await predictor.decode(encoded, [prompt], { multimask: true });
    expect(alone!.length).toBe(3);
    expectClose(together[i]!, alone!);
  }
});

test('8-bit products change logits a little and keep embeddings of their own', async () => {
  const store = openEmbeddingStore(await temporaryFolder(), { precision: 'float32' });
  const wider = tinyCheckpoint(1, widerConfig);
  const float = new SamPredictor(wider, { threads: 1, store });
  const bytes = new SamPredictor(wider, { threads: 1, store, precision: 'int8' });
  const answers: MaskPrediction[] = [];
  for (const model of [float, bytes]) {
    const place = await model.encode(image, 'key');
    const [found] = await model.decode(place, [{ box: [10, 10, 40, 60] }], { multimask: false });
    answers.push(found![0]!);
    await model.close();
  }
  const [expected, seen] = answers.map(({ lowResLogits }) => lowResLogits) as [Float32Array, Float32Array];
  const norm = (values: Float32Array): number => Math.hypot(...values);
  const error = norm(seen.map((logit, i) => logit - expected[i]!)) / norm(expected);
  expect(error).toBeGreaterThan(0);
  expect(error).toBeLessThan(0.1);
});

test('each part of a prompt matters, and single and multiple masks differ', async () => {
  const [plain] = await predictor.decode(encoded, [{ box: [10, 10, 40, 60] }], { multimask: false });
  expect(plain!.length).toBe(1);
  const { lowResLogits, mask } = plain![0]!;
  expect(mask).toMatchObject({ height: 90, width: 60 });
  expect(lowResLogits.length).toBe((4 * tinyConfig.gridSize) ** 2);
  const others: MaskPrompt[] = [
    { box: [10, 10, 40, 61] },
    { box: [10, 10, 40, 60], points: [{ xy: [20, 30], positive: true }] },
    { box: [10, 10, 40, 60], points: [{ xy: [20, 30], positive: false }] },
    { box: [10, 10, 40, 60], lowResLogits },
  ];
  const seen = new Set([plain![0]!.predictedIou]);
  for (const [prediction] of await predictor.decode(encoded, others, { multimask: false })) {
    seen.add(prediction!.predictedIou);
  }
  expect(seen.size).toBe(5);
  const [several] = await predictor.decode(encoded, [{ box: [10, 10, 40, 60] }], { multimask: true });
  expect(several!.every((one) => one.predictedIou !== plain![0]!.predictedIou)).toBe(true);
});

test('more kinds of prompts than sessions are kept, at the same time', async () => {
  const calls = Array.from({ length: 15 }, (_, n) => {
    const points = Array.from({ length: n + 1 }, (_, i) => ({
      xy: [i, 2 * i] as const,
      positive: i % 2 === 0,
    }));
    return predictor.decode(encoded, [{ points }], { multimask: false });
  });
  const results = await Promise.all(calls);
  expect(new Set(results.map(([one]) => one![0]!.predictedIou)).size).toBe(15);
});

describe('a prompt that cannot be used is a RefineError', () => {
  test.each<[string, MaskPrompt]>([
    ['nothing', {}],
    ['no points', { points: [] }],
    ['not a number', { points: [{ xy: [Number.NaN, 1], positive: true }] }],
    ['logits of another model', { box: [1, 1, 2, 2], lowResLogits: new Float32Array(256 * 256) }],
  ])('%s', async (_, prompt) => {
    await expect(predictor.decode(encoded, [prompt], { multimask: false })).rejects.toBeInstanceOf(
      RefineError,
    );
  });

  test.each<[string, MaskPrompt]>([
    ['a point outside', { points: [{ xy: [61, 1], positive: true }] }],
    ['a box turned round', { box: [40, 10, 10, 60] }],
    ['a box outside', { box: [10, 10, 40, 95] }],
  ])('%s of the image', async (_, prompt) => {
    await expect(segmentImage(predictor, image, prompt)).rejects.toBeInstanceOf(RefineError);
  });
});

test('one point alone takes the best of the candidates, a box the single mask', async () => {
  const point: MaskPrompt = { points: [{ xy: [25, 40], positive: true }] };
  const best = await segmentImage(predictor, image, point);
  const [candidates] = await predictor.decode(encoded, [point], { multimask: true });
  expect(best.predictedIou).toBe(Math.max(...candidates!.map(({ predictedIou }) => predictedIou)));
  const box: MaskPrompt = { box: [10, 10, 40, 60] };
  const [single] = await predictor.decode(encoded, [box], { multimask: false });
  expect((await segmentImage(predictor, image, box)).predictedIou).toBe(single![0]!.predictedIou);
});

test('an embedding is computed once, then read; half precision keeps the masks', async () => {
  const store = openEmbeddingStore(folder);
  let encodings = 0;
  class Counting extends SamPredictor {
    override embed(...args: Parameters<SamPredictor['embed']>): ReturnType<SamPredictor['embed']> {
      encodings++;
      return super.embed(...args);
    }
  }
  const stored = new Counting(checkpoint, { threads: 1, store });
  const other = new Counting(tinyCheckpoint(2), { threads: 1, store });
  const prompts: MaskPrompt[] = [{ box: [10, 10, 40, 60] }, { box: [0, 0, 59, 89] }];
  const fresh = await stored.encode(image, imageKey(image));
  const read = await stored.encode(image, imageKey(image));
  expect(encodings).toBe(1);
  expect(read).toEqual(fresh);
  await other.encode(image, imageKey(image));
  expect(encodings).toBe(2);
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.safetensors'));
  expect(files.length).toBe(2);

  const exact = await predictor.decode(encoded, prompts, { multimask: true });
  const halved = await stored.decode(read, prompts, { multimask: true });
  for (const [i, predictions] of exact.entries()) {
    for (const [k, { mask }] of predictions.entries()) {
      const equal = mask.data.filter((value, at) => value === halved[i]![k]!.mask.data[at]).length;
      expect(equal / mask.data.length).toBeGreaterThanOrEqual(0.999);
    }
  }

  for (const name of files) await writeFile(join(folder, name), 'damaged');
  expect(await stored.encode(image, imageKey(image))).toEqual(fresh);
  expect(encodings).toBe(3);
  await stored.close();
  await other.close();
});

test('a store in full precision gives back every digit', async () => {
  const store = openEmbeddingStore(join(folder, 'exact'), { precision: 'float32' });
  const features = await predictor.embed({
    dtype: 'float32',
    shape: [1, 3, 64, 64],
    data: new Float32Array(3 * 64 * 64).fill(0.5),
  });
  await store.put('model', '../../odd key', features);
  const shapes = featureShapes(checkpoint.config);
  expect(await store.get('model', '../../odd key', shapes)).toEqual(features);
  expect(await store.get('another', '../../odd key', shapes)).toBeUndefined();
});

test('a stored file without all of the features, or of other shapes, counts as none', async () => {
  const store = openEmbeddingStore(join(folder, 'other'));
  const embedding = float32([1, 2, 2], [1, 2, 3, 4]);
  const fine = float32([3], [5, 6, 7]);
  const shapes = { embedding: [1, 2, 2], fine: [3] };
  await store.put('model', 'whole', { embedding, fine });
  await store.put('model', 'part', { embedding });
  await store.put('model', 'shaped', { embedding: float32([2, 2], embedding.data), fine });
  await store.put('model', 'more', { embedding, fine, finer: fine });
  expect(await store.get('model', 'whole', shapes)).toEqual({ embedding, fine });
  for (const key of ['part', 'shaped', 'more'])
    expect(await store.get('model', key, shapes), key).toBeUndefined();

  const stored = new SamPredictor(checkpoint, { threads: 1, store });
  const fresh = await stored.encode(image, 'key');
  const [file] = (await readdir(join(folder, 'other'), { recursive: true })).filter((name) =>
    /key\.safetensors$/.test(name),
  );
  await writeFile(join(folder, 'other', file!), encodeSafetensors(new Map([['embedding', embedding]])));
  expect(await stored.encode(image, 'key')).toEqual(fresh);
  await stored.close();
});

test('MedSAM sees another input than SAM', async () => {
  const medsam = new SamPredictor(checkpoint, { threads: 1, preprocessing: 'medsam' });
  const other = await medsam.encode(image, imageKey(image));
  const [[a], [b]] = [
    await predictor.decode(encoded, [{ box: [10, 10, 40, 60] }], { multimask: false }),
    await medsam.decode(other, [{ box: [10, 10, 40, 60] }], { multimask: false }),
  ] as const;
  expect(a![0]!.predictedIou).not.toBeCloseTo(b![0]!.predictedIou, 4);
  expect(b![0]!.mask).toMatchObject({ height: 90, width: 60 });
  await medsam.close();
});

test('the image key tells contents and sizes apart', () => {
  const turned = { ...image, height: image.width, width: image.height };
  const changed = { ...image, data: image.data.slice().fill(3, 0, 1) };
  expect(new Set([image, turned, changed].map(imageKey)).size).toBe(3);
  expect(imageKey(tinyImage())).toBe(imageKey(image));
});

test('a checkpoint whose answers are no numbers is refused', async () => {
  const { weights } = checkpoint;
  const broken = new Map(
    [...weights].map(([name, { shape, data }]) => [
      name,
      float32(
        shape,
        data.map(() => Number.NaN),
      ),
    ]),
  );
  const model = new SamPredictor({ ...checkpoint, weights: broken }, { threads: 1 });
  try {
    await expect(segmentImage(model, image, { box: [10, 10, 40, 60] })).rejects.toThrow(/not finite/);
  } finally {
    await model.close();
  }
});
