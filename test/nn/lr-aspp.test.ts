/** @file LR-ASPP beside plain code of the paper's order: norm, ReLU, gate, enlarge, classify, add the early features. */
import { describe, expect, it } from 'vitest';
import { createRng } from '../../src/base/rng.ts';
import { buildModel } from '../../src/graph/build.ts';
import { input } from '../../src/graph/tensor.ts';
import { resizeMaps } from '../../src/imaging/resample.ts';
import { lrAspp } from '../../src/nn/lr-aspp.ts';
import { constantSource, initializeWeights, listParameters, type Weights } from '../../src/nn/parameters.ts';
import { openSession } from '../../src/runtime/session.ts';
import { type Float32NdArray, float32 } from '../../src/tensor/array.ts';
import { relativeError } from '../../tools/golden/row.ts';

const [CHANNELS, PLACES, EARLY, CELLS, CLASSES] = [5, 4, 3, 16, 2];
const SIZE = { height: CELLS, width: CELLS };
const rng = createRng(3);
const normals = (shape: number[]): Float32NdArray =>
  float32(
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => rng.normal()),
  );
const high = normals([1, CHANNELS, PLACES, PLACES]);
const low = normals([1, EARLY, CELLS, CELLS]);

const graph = (source: Parameters<typeof lrAspp>[1], withLow = true) =>
  lrAspp(
    { outputChannels: CLASSES, coordinates: false },
    source,
    input('high', high.shape),
    withLow ? input('low', low.shape) : undefined,
    SIZE,
  );
const specs = listParameters((source) => graph(source));
const weights = initializeWeights(specs, createRng(1));

async function logitsOf(own: Weights, withLow = true, features = high): Promise<Float32Array> {
  const session = await openSession(buildModel({ logits: graph(constantSource(own), withLow) }), {
    threads: 1,
  });
  const { logits } = await session.run({ high: features, low });
  await session.close();
  return logits!.data as Float32Array;
}

/** Row i of a 1 x 1 convolution's weights times the features of a place. */
const product = (name: string, i: number, channels: number, at: (channel: number) => number): number => {
  let sum = 0;
  for (let c = 0; c < channels; c++) sum += weights.get(`${name}.weight`)!.data[i * channels + c]! * at(c);
  return sum;
};
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

function reference(): Float32Array {
  const pixels = PLACES * PLACES;
  const features = weights.get('branch.norm.weight')!.data.length;
  const planeOf = (c: number): number[] => [...high.data.subarray(c * pixels, (c + 1) * pixels)];
  const gated = Array.from({ length: features }, (_, i) => {
    const raw = Array.from({ length: pixels }, (_, p) =>
      product('branch.conv', i, CHANNELS, (c) => high.data[c * pixels + p]!),
    );
    const centre = mean(raw);
    const deviation = Math.sqrt(mean(raw.map((value) => (value - centre) ** 2)) + 1e-5);
    const gate = 1 / (1 + Math.exp(-product('gate', i, CHANNELS, (c) => mean(planeOf(c)))));
    return raw.map((value) => Math.max(0, (value - centre) / deviation) * gate);
  });
  const large = resizeMaps(
    Float32Array.from(gated.flat()),
    features,
    { height: PLACES, width: PLACES },
    SIZE,
  );
  const cells = CELLS * CELLS;
  return Float32Array.from({ length: CLASSES * cells }, (_, at) => {
    const [k, p] = [Math.floor(at / cells), at % cells];
    return (
      weights.get('head.bias')!.data[k]! +
      product('head', k, features, (c) => large[c * cells + p]!) +
      product('low', k, EARLY, (c) => low.data[c * cells + p]!)
    );
  });
}

describe('LR-ASPP', () => {
  it('computes what the paper describes', async () => {
    expect(relativeError(await logitsOf(weights), reference())).toBeLessThan(1e-5);
  });

  it('does without early features where the encoder has none', async () => {
    const alone = await logitsOf(weights, false);
    const silent = new Map(weights).set('low.weight', float32([CLASSES, EARLY, 1, 1], new Float32Array(6)));
    expect(relativeError(alone, await logitsOf(silent))).toBeLessThan(1e-6);
    expect(relativeError(alone, await logitsOf(weights))).toBeGreaterThan(0.01);
  });

  it.each([false, true])('with coordinates %s tells left from right', async (coordinates) => {
    const config = { outputChannels: CLASSES, coordinates };
    const model = (source: Parameters<typeof lrAspp>[1]) =>
      lrAspp(config, source, input('high', high.shape), undefined, SIZE);
    const own = initializeWeights(listParameters(model), createRng(1));
    const session = await openSession(buildModel({ logits: model(constantSource(own)) }), { threads: 1 });
    const straight = (await session.run({ high })).logits!.data as Float32Array;
    const turned = (await session.run({ high: float32(high.shape, flipped(high.data, PLACES)) })).logits!;
    await session.close();
    const difference = relativeError(flipped(turned.data as Float32Array, CELLS), straight);
    if (coordinates) expect(difference).toBeGreaterThan(0.05);
    else expect(difference).toBeLessThan(1e-5);
  });
});

/** Each row from right to left. */
function flipped(data: Float32Array, width: number): Float32Array {
  return data.map((_, at) => data[at - 2 * (at % width) + width - 1]!);
}
