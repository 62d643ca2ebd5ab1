import { expect, test } from 'vitest';
import { createRng } from '../../src/base/rng.ts';
import { buildModel } from '../../src/graph/build.ts';
import { constant, input, type Tensor } from '../../src/graph/tensor.ts';
import {
  constantSource,
  initializeWeights,
  listParameters,
  type ParameterSource,
} from '../../src/nn/parameters.ts';
import { twoWayImage, twoWayTransformer } from '../../src/nn/two-way-transformer.ts';
import { type VitConfig, vit } from '../../src/nn/vit.ts';
import { openSession } from '../../src/runtime/session.ts';
import { elementCount, type Float32NdArray, float32 } from '../../src/tensor/array.ts';

const base: VitConfig = {
  patchSize: 2,
  width: 8,
  heads: 2,
  mlpWidth: 12,
  windows: [0],
  relativePositions: true,
  layerNormEpsilon: 1e-6,
};

/** Tokens [H / 2, W / 2, 8] of an 8 x 8 image. Weights depend on names and shapes alone. */
async function tokens(config: VitConfig, pixels: Float32NdArray): Promise<Float32Array> {
  const build = (source: Parameters<typeof vit>[1]): Tensor =>
    vit(config, source, input('pixels', pixels.shape)).tokens;
  const weights = initializeWeights(listParameters(build), createRng(1));
  const session = await openSession(buildModel({ out: build(constantSource(weights)) }), { threads: 1 });
  const { out } = await session.run({ pixels });
  await session.close();
  return out!.data as Float32Array;
}

const rng = createRng(2);
const random = (...shape: number[]): Float32NdArray =>
  float32(
    shape,
    Float32Array.from({ length: elementCount(shape) }, () => rng.normal()),
  );
const image = random(1, 3, 8, 8);

/** Which of the 4 x 4 tokens differ, row-major. */
function changedTokens(a: Float32Array, b: Float32Array): number[] {
  return Array.from({ length: 16 }, (_, token) => token).filter((token) =>
    Array.from({ length: 8 }, (_, i) => token * 8 + i).some((i) => Math.abs(a[i]! - b[i]!) > 1e-6),
  );
}

/** The image with the patch of token 0 changed. */
const changed: Float32NdArray = {
  ...image,
  data: image.data.map((value, i) => (i % 64 < 2 ? value + 1 : value)),
};

test('one window of the whole grid is attention among all tokens', async () => {
  expect(await tokens({ ...base, windows: [4] }, image)).toEqual(await tokens(base, image));
});

test('a token is seen within its window only, in padded windows too', async () => {
  const seenIn = async (window: number): Promise<number[]> => {
    const config = { ...base, windows: [window] };
    return changedTokens(await tokens(config, image), await tokens(config, changed));
  };
  expect(await seenIn(0)).toEqual(Array.from({ length: 16 }, (_, i) => i));
  expect(await seenIn(2)).toEqual([0, 1, 4, 5]);
  expect(await seenIn(3)).toEqual([0, 1, 2, 4, 5, 6, 8, 9, 10]);
});

test('relative positions matter', async () => {
  const plain = await tokens({ ...base, relativePositions: false }, image);
  expect(changedTokens(plain, await tokens(base, image)).length).toBe(16);
});

test('decoding prompts together equals decoding each alone, with what they add to the places', async () => {
  const config = { width: 8, depth: 2, heads: 2, mlpWidth: 12, crossWidth: 8 };
  const [prompts, places, positions] = [random(3, 5, 8), random(1, 6, 8), random(1, 6, 8)];
  const [factors, basis] = [random(3, 6, 2), random(2, 8)];
  const part = ({ shape, data }: Float32NdArray, n: number): Float32NdArray =>
    float32([1, ...shape.slice(1)], data.slice((n * data.length) / 3, ((n + 1) * data.length) / 3));
  const build = (source: ParameterSource, tokens: Float32NdArray, added: Float32NdArray | undefined) => {
    const image = twoWayImage(config, source, constant(places), constant(positions));
    const prompt = added && { factors: constant(added), basis: constant(basis) };
    return twoWayTransformer(config, source, constant(tokens), image, prompt, 2);
  };
  const weights = initializeWeights(
    listParameters((source) => build(source, prompts, factors)),
    createRng(3),
  );
  const run = async (tokens: Float32NdArray, added: Float32NdArray | undefined) => {
    const model = buildModel({ ...build(constantSource(weights), tokens, added) });
    const session = await openSession(model, { threads: 1 });
    const result = await session.run({});
    await session.close();
    return result as Record<'tokens' | 'places', Float32NdArray>;
  };
  for (const added of [factors, undefined]) {
    const together = await run(prompts, added);
    expect(together.tokens.shape).toEqual([3, 2, 8]);
    expect(together.places.shape).toEqual([3, 6, 8]);
    for (const n of [0, 1, 2]) {
      const alone = await run(part(prompts, n), added && part(added, n));
      for (const name of ['tokens', 'places'] as const) {
        const expected = part(together[name], n).data;
        alone[name].data.forEach((value, i) => {
          expect(value).toBeCloseTo(expected[i]!, 5);
        });
      }
    }
  }
  const [plain, changed] = [await run(prompts, undefined), await run(prompts, factors)];
  expect(plain.places.data).not.toEqual(changed.places.data);
});
