/** The graph that is trained: it answers as the predictor does, and its gradients are right. */
import { beforeAll, describe, expect, test } from 'vitest';
import { createRng } from '../../src/base/rng.ts';
import { pixelFeatures } from '../../src/foal/features.ts';
import { buildModel } from '../../src/graph/build.ts';
import type { OnnxModel } from '../../src/graph/onnx/model.ts';
import { input } from '../../src/graph/tensor.ts';
import { constantSource } from '../../src/nn/parameters.ts';
import { packWeights } from '../../src/optim/parameter-vector.ts';
import { promptedMasks, promptInputs } from '../../src/prompted/graph.ts';
import { promptFeeds, type TrainingPrompt } from '../../src/prompted/prompt-feeds.ts';
import { buildPromptedStep } from '../../src/prompted/step.ts';
import { type Feeds, openSession } from '../../src/runtime/session.ts';
import { fineShape } from '../../src/sam/image-encoder.ts';
import { paintPrompt } from '../../src/sam/painted-prompt.ts';
import { SamPredictor } from '../../src/sam/predictor.ts';
import { PromptDecoder } from '../../src/sam/prompt-decoder.ts';
import { FREQUENCIES_NAME, pointTokens, promptTokens } from '../../src/sam/prompt-encoder.ts';
import type { PromptPoint } from '../../src/sam/promptable.ts';
import { type Float32NdArray, float32 } from '../../src/tensor/array.ts';
import { randomWeights, tinyFoalCheckpoint } from '../foal/tiny.ts';
import { tinyCheckpoint, tinyConfig } from '../sam/tiny-model.ts';

const SIDE = 64;
const checkpoint = tinyFoalCheckpoint(SIDE);
const { config, weights } = checkpoint;
const frequencies = weights.get(FREQUENCIES_NAME)!.data;
const SIZE = { images: 2, prompts: 3, tokens: 5 };
const model = { config, size: SIZE, frequencies, features: pixelFeatures(config, SIZE.images) };
const rng = createRng(3);
const noise = (...shape: number[]): Float32NdArray =>
  float32(
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.normal()),
  );
const pixels = noise(2, 1, SIDE, SIDE);
const cells = 4 * config.gridSize;
const inside: PromptPoint = { xy: [20, 31], positive: true };
const outside: PromptPoint = { xy: [50.5, 3], positive: false };
const mask = noise(cells * cells).data;
const PROMPTS: TrainingPrompt[] = [
  { box: [5, 6, 30, 41], points: [] },
  { points: [inside] },
  { box: [12, 9, 40, 33], points: [outside, inside, inside], mask },
  { points: [inside, outside], mask },
  { box: [1, 2, 60, 50], points: [inside] },
  { points: [outside] },
];

describe('the graph of many prompts', () => {
  let logits: Float32Array;
  let iou: Float32Array;
  beforeAll(async () => {
    const outputs = promptedMasks(
      config,
      constantSource(weights),
      model.features(constantSource(weights)),
      promptInputs(config, SIZE),
      frequencies,
    );
    const session = await openSession(buildModel(outputs), { threads: 1 });
    const results = await session.run({ pixels, ...promptFeeds(config, SIZE, frequencies, PROMPTS) });
    logits = results.logits!.data as Float32Array;
    iou = results.iou!.data as Float32Array;
    await session.close();
  });

  test('answers each as the predictor does alone', async () => {
    const predictor = new SamPredictor(checkpoint, { threads: 1 });
    const tokens = pointTokens(config, weights);
    const decoder = new PromptDecoder(config, weights, tokens, {
      session: { threads: 1 },
      adapt: (same) => same,
    });
    const plane = SIDE * SIDE;
    for (const [i, prompt] of PROMPTS.entries()) {
      const grey = pixels.data.subarray(Math.floor(i / 3) * plane, (Math.floor(i / 3) + 1) * plane);
      const features = await predictor.embed(float32([1, 3, SIDE, SIDE], [...grey, ...grey, ...grey]));
      const { points, box, mask: earlier } = prompt;
      const painted = paintPrompt(config, { points, box, mask: earlier });
      const alone = { tokens: promptTokens(tokens, SIDE, points, box), mask: painted };
      const [answer] = await decoder.decode(features, [alone], [0, 1, 2, 3]);
      const each = answer!.logits.length;
      answer!.logits.forEach((value, at) => {
        expect(logits[i * each + at]).toBeCloseTo(value, 3);
      });
      answer!.iou.forEach((value, at) => {
        expect(iou[i * 4 + at]).toBeCloseTo(value, 3);
      });
    }
    await predictor.close();
    await decoder.close();
  });
});

describe('the training step', () => {
  test('has the gradients that finite differences have', async () => {
    const step = buildPromptedStep(model, { returnGradient: true });
    const start = packWeights(step.specs, randomWeights(step.specs, 1));
    // No cell is covered by half, so that the true IoU does not jump.
    const covered = Uint8Array.from({ length: 6 * cells * cells }, () => rng.below(120));
    const batch: Feeds = {
      pixels,
      target: { dtype: 'uint8', shape: [6, 1, cells, cells], data: covered },
      ...promptFeeds(config, SIZE, frequencies, PROMPTS),
    };
    const session = await openSession(step.model, { threads: 1 });
    const length = start.data.length;
    const zeros = float32([length], new Float32Array(length));
    const scalars = { learningRate: 0, correction1: 1, correction2: 1 };
    const rest = {
      ...batch,
      moment1: zeros,
      moment2: zeros,
      ...Object.fromEntries(Object.entries(scalars).map(([name, value]) => [name, float32([], [value])])),
    };
    const lossAt = async (parameters: Float32NdArray) => {
      const { loss, gradient } = await session.run({ ...rest, parameters });
      return { loss: Number(loss!.data[0]), gradient: gradient as Float32NdArray };
    };
    const { gradient } = await lossAt(start);
    let offset = 0;
    const parts = new Map<string, [number, number]>();
    for (const { name, shape } of step.specs) {
      // Of the alternatives only the best of each prompt learns.
      const part = name
        .replace(/mlps\.[123]/, 'mlps:others')
        .split('.')
        .slice(0, 3)
        .join('.');
      const length = shape.reduce((a, b) => a * b, 1);
      parts.set(part, [parts.get(part)?.[0] ?? offset, offset + length]);
      offset += length;
    }
    expect(gradient.data.length).toBe(offset);
    const h = 1e-3;
    for (const [part, [from, to]] of parts) {
      // Along the gradient of each part itself: the derivative there is its norm.
      const norm = Math.hypot(...gradient.data.subarray(from, to));
      const moved = async (by: number) => {
        const data = start.data.slice();
        for (let i = from; i < to; i++) data[i]! += (by * gradient.data[i]!) / norm;
        return (await lossAt(float32([offset], data))).loss;
      };
      expect(norm, part).toBeGreaterThan(1e-7);
      const slope = ((await moved(h)) - (await moved(-h))) / (2 * h);
      expect(Math.abs(slope - norm), `${part}: ${slope} for ${norm}`).toBeLessThan(0.03 * norm + 2e-4);
    }
    await session.close();
  });
});

describe.each([
  ['Segment Anything', tinyConfig],
  ['SAM-HQ', { ...tinyConfig, highQuality: true }],
])('the same graph on stored features of %s', (_, config) => {
  test('answers each prompt as the predictor does alone, with a mask or without', async () => {
    const { weights } = tinyCheckpoint(1, config);
    const frequencies = weights.get(FREQUENCIES_NAME)!.data;
    const size = { images: 1, prompts: PROMPTS.length, tokens: 5 };
    const side = 4 * config.gridSize;
    const earlier = noise(side * side).data;
    const prompts = PROMPTS.map(({ mask, ...rest }) => ({ ...rest, ...(mask && { mask: earlier }) }));
    const fineSize = fineShape(config);
    const stored = {
      embedding: noise(1, config.width, config.gridSize, config.gridSize),
      ...(fineSize && { fine: noise(...fineSize) }),
    };
    const features = {
      embedding: input('embedding', stored.embedding.shape),
      ...(fineSize && { fine: input('fine', fineSize) }),
    };
    const asked = promptInputs(config, size);
    const graph = promptedMasks(config, constantSource(weights), features, asked, frequencies);
    const session = await openSession(buildModel(graph), { threads: 1 });
    const together = await session.run({ ...stored, ...promptFeeds(config, size, frequencies, prompts) });
    await session.close();

    const tokens = pointTokens(config, weights);
    const options = { session: { threads: 1 }, adapt: (same: OnnxModel) => same };
    const decoder = new PromptDecoder(config, weights, tokens, options);
    const alone = prompts.map(({ points, box, mask }) => ({
      tokens: promptTokens(tokens, config.imageSize, points, box),
      mask,
    }));
    const answers = await decoder.decode(stored, alone, [0, 1, 2, 3]);
    await decoder.close();
    const all = answers.flatMap(({ logits }) => [...logits]);
    const seen = together.logits!.data as Float32Array;
    expect(seen.length).toBe(all.length);
    expect(Math.max(...all.map((value, i) => Math.abs(value - seen[i]!)))).toBeLessThan(1e-3);
    expect(new Set(all.map((value) => value.toFixed(3))).size).toBeGreaterThan(100);
  });
});
