/** @file The U-Net as a model: its weights, its shapes, its coordinate channels. */
import { describe, expect, it } from 'vitest';
import { CheckpointError, GraphError } from '../../src/base/errors.ts';
import { createRng } from '../../src/base/rng.ts';
import { buildModel } from '../../src/graph/build.ts';
import { input } from '../../src/graph/tensor.ts';
import { constantSource, initializeWeights, listParameters, type Weights } from '../../src/nn/parameters.ts';
import { type UNetConfig, unet } from '../../src/nn/unet.ts';
import { vectorLength } from '../../src/optim/parameter-vector.ts';
import { openSession } from '../../src/runtime/session.ts';
import { elementCount, type Float32NdArray, float32 } from '../../src/tensor/array.ts';

const small: UNetConfig = { inputChannels: 1, outputChannels: 3, base: 4, levels: 3, coordinates: false };

const specsOf = (config: UNetConfig, size = 32) =>
  listParameters((source) => unet(config, source, input('x', [1, config.inputChannels, size, size])));

async function logits(config: UNetConfig, weights: Weights, x: Float32NdArray): Promise<Float32NdArray> {
  const model = buildModel({ logits: unet(config, constantSource(weights), input('x', x.shape)) });
  const session = await openSession(model, { threads: 1 });
  const results = await session.run({ x });
  await session.close();
  return results.logits as Float32NdArray;
}

function image(...shape: number[]): Float32NdArray {
  const rng = createRng(4);
  return float32(
    shape,
    Float32Array.from({ length: elementCount(shape) }, () => rng.uniform()),
  );
}

describe('the U-Net', () => {
  it("has the paper's number of weights", () => {
    const config = { inputChannels: 1, outputChannels: 17, levels: 5, coordinates: false };
    expect(vectorLength(specsOf({ ...config, base: 16 }))).toBe(1_942_561);
    expect(Math.round(vectorLength(specsOf({ ...config, base: 64 })) / 1e5)).toBe(310);
  });

  it('has weights whose names tell them apart', () => {
    const names = specsOf(small).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain('encoder.2.conv1.weight');
    expect(names).toContain('decoder.0.up.bias');
    expect(names.filter((name) => /conv\d\.bias/.test(name))).toEqual([]);
  });

  it('gives one map per class at the size of the image, each image by itself', async () => {
    const weights = initializeWeights(specsOf(small), createRng(1));
    const two = image(2, 1, 16, 24);
    const both = await logits(small, weights, two);
    expect(both.shape).toEqual([2, 3, 16, 24]);
    const second = float32([1, 1, 16, 24], two.data.slice(16 * 24));
    const alone = await logits(small, weights, second);
    const largest = alone.data.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - both.data[3 * 16 * 24 + i]!)),
      0,
    );
    expect(largest).toBeLessThan(1e-5);
  });

  it('cannot tell places of a flat image apart but by coordinates', async () => {
    // Far from the border, whose padding is a landmark of its own.
    const flat = float32([1, 1, 64, 64], new Float32Array(64 * 64).fill(0.5));
    const spread = async (config: UNetConfig): Promise<number> => {
      const weights = initializeWeights(specsOf(config), createRng(1));
      const { data } = await logits(config, weights, flat);
      return Math.abs(data[28 * 64 + 28]! - data[36 * 64 + 36]!);
    };
    const shallow = { ...small, levels: 2 };
    expect(await spread(shallow)).toBeLessThan(1e-5);
    expect(await spread({ ...shallow, coordinates: true })).toBeGreaterThan(1e-3);
  });

  it('refuses images of other channels or sizes', () => {
    const build =
      (...shape: number[]) =>
      () =>
        listParameters((source) => unet(small, source, input('x', shape)));
    expect(build(1, 1, 16, 18)).toThrow(GraphError);
    expect(build(1, 1, 16, 18)).toThrow('multiples of 4');
    expect(build(1, 3, 16, 16)).toThrow(GraphError);
  });
});

describe('weights', () => {
  it('start the same from the same seed, whatever else a model has', () => {
    const first = initializeWeights(specsOf(small), createRng(9));
    const again = initializeWeights(specsOf(small).toReversed(), createRng(9));
    const other = initializeWeights(specsOf(small), createRng(10));
    const name = 'encoder.1.conv0.weight';
    expect(again.get(name)).toEqual(first.get(name));
    expect(other.get(name)).not.toEqual(first.get(name));
    expect(first.get('encoder.1.conv1.weight')!.data.slice(0, 8)).not.toEqual(
      first.get(name)!.data.slice(0, 8),
    );
  });

  it('start within the bound of their fan-in and fill it; norms start as identity', () => {
    const weights = initializeWeights(specsOf({ ...small, base: 16 }), createRng(2));
    const { data } = weights.get('encoder.1.conv0.weight')!;
    const bound = 1 / Math.sqrt(16 * 9);
    const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largest).toBeLessThanOrEqual(bound);
    expect(largest).toBeGreaterThan(0.99 * bound);
    expect(Math.abs(data.reduce((total, value) => total + value, 0) / data.length)).toBeLessThan(
      0.05 * bound,
    );
    expect(new Set(weights.get('encoder.1.norm0.weight')!.data)).toEqual(new Set([1]));
    expect(new Set(weights.get('encoder.1.norm0.bias')!.data)).toEqual(new Set([0]));
  });

  it('that are missing or of another shape are named', () => {
    const weights = initializeWeights(specsOf(small), createRng(1));
    const build = (from: Weights) => () => unet(small, constantSource(from), input('x', [1, 1, 16, 16]));
    const missing = new Map(weights);
    missing.delete('head.bias');
    expect(build(missing)).toThrow(CheckpointError);
    expect(build(missing)).toThrow('no head.bias');
    expect(build(new Map(weights).set('head.bias', float32([2], [0, 0])))).toThrow('head.bias of shape [2]');
  });
});
