/** @file Dice + cross entropy at every resolution, and that the coarse ones learn from it. */
import { describe, expect, it } from 'vitest';
import { gradient } from '../../src/autodiff/gradient.ts';
import { createRng } from '../../src/base/rng.ts';
import { buildModel } from '../../src/graph/build.ts';
import { input, type Tensor } from '../../src/graph/tensor.ts';
import { constantSource, initializeWeights, listParameters } from '../../src/nn/parameters.ts';
import { plainConvUNet, type Stage } from '../../src/nn/plain-conv-unet.ts';
import { deepLoss, supervised, supervisionWeights } from '../../src/nnunet/loss.ts';
import { openSession } from '../../src/runtime/session.ts';
import { type Float32NdArray, float32 } from '../../src/tensor/array.ts';

const stages: readonly Stage[] = [
  { features: 4, stride: [1, 1] },
  { features: 6, stride: [2, 2] },
  { features: 8, stride: [1, 2] },
  { features: 8, stride: [2, 2] },
  { features: 8, stride: [2, 2] },
];
const CLASSES = 3;
const rng = createRng(4);
const normals = (shape: number[]): Float32NdArray =>
  float32(
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => rng.normal()),
  );
const labels = (shape: number[], count: number): Float32NdArray =>
  float32(
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => rng.below(count)),
  );

async function run(outputs: Record<string, Tensor>, feeds: Record<string, Float32NdArray>) {
  const session = await openSession(buildModel(outputs), { threads: 1 });
  const results = await session.run(feeds);
  await session.close();
  return results;
}

describe('the network', () => {
  it('gives logits at every resolution that is asked for, the finest first', () => {
    const config = { inputChannels: 1, outputChannels: CLASSES, stages };
    const x = input('x', [2, 1, 16, 32]);
    const shapes = (heads: number) => {
      let found: Tensor[] = [];
      listParameters((source) => {
        found = plainConvUNet(config, source, x, heads);
      });
      return found.map(({ shape }) => shape.slice(2));
    };
    expect(shapes(4)).toEqual([
      [16, 32],
      [8, 16],
      [8, 8],
      [4, 4],
    ]);
    expect(shapes(1)).toEqual([[16, 32]]);
  });

  it('refuses patches that its steps do not divide', () => {
    const config = { inputChannels: 1, outputChannels: CLASSES, stages };
    const build = () =>
      listParameters((source) => plainConvUNet(config, source, input('x', [1, 1, 12, 32]), 1));
    expect(build).toThrow(/a multiple of 8 rows and of 16 columns/);
  });
});

describe('deep supervision', () => {
  it('halves its weights from one resolution to the next, and leaves the lowest out', () => {
    expect(supervisionWeights(3)).toEqual([4 / 7, 2 / 7, 1 / 7]);
    expect([5, 3, 2].map(supervised)).toEqual([3, 1, 1]);
  });

  it('reaches the heads of all supervised resolutions, and the lowest has none', async () => {
    const config = { inputChannels: 1, outputChannels: CLASSES, stages };
    const heads = supervised(stages.length);
    const build = (source: Parameters<typeof plainConvUNet>[1]) =>
      plainConvUNet(config, source, input('x', [1, 1, 16, 32]), heads);
    const specs = listParameters(build);
    const names = specs.map(({ name }) => name).filter((name) => name.endsWith('head.weight'));
    expect(names.sort()).toEqual([0, 1, 2].map((level) => `decoder.${level}.head.weight`));

    const weights = initializeWeights(specs, createRng(1));
    const tensors = new Map<string, Tensor>();
    const constants = constantSource(weights);
    const logits = build((name, shape, initializer) => {
      if (!tensors.has(name)) tensors.set(name, constants(name, shape, initializer));
      return tensors.get(name)!;
    });
    const loss = deepLoss('exclusive', logits, input('target', [1, 1, 16, 32]));
    const ofHeads = gradient(
      loss,
      names.map((name) => tensors.get(name)!),
    );
    const results = await run(Object.fromEntries(ofHeads.map((g, i) => [`of ${names[i]!}`, g])), {
      x: normals([1, 1, 16, 32]),
      target: labels([1, 1, 16, 32], CLASSES),
    });
    for (const name of names) {
      const most = Math.max(...(results[`of ${name}`]!.data as Float32Array).map(Math.abs));
      expect(most, name).toBeGreaterThan(1e-3);
    }
  });
});

describe('the loss', () => {
  const target = labels([2, 1, 4, 4], CLASSES);
  const logits = normals([2, CLASSES, 4, 4]);
  const coarse = normals([2, CLASSES, 2, 2]);
  const at = (x: Float32NdArray, n: number, c: number, p: number): number => {
    const [, channels, h, w] = x.shape as [number, number, number, number];
    return x.data[(n * channels + c) * h * w + p]!;
  };

  /** Cross entropy and 1 - mean Dice of the foreground over the batch. */
  function reference(x: Float32NdArray, label: (n: number, p: number) => number): number {
    const pixels = x.shape[2]! * x.shape[3]!;
    let entropy = 0;
    const [both, said, true_] = [0, 1, 2].map(() => new Array<number>(CLASSES).fill(0));
    for (let n = 0; n < 2; n++) {
      for (let p = 0; p < pixels; p++) {
        const e = Array.from({ length: CLASSES }, (_, c) => Math.exp(at(x, n, c, p)));
        const total = e.reduce((a, b) => a + b);
        const y = label(n, p);
        entropy -= Math.log(e[y]! / total) / (2 * pixels);
        e.forEach((value, c) => {
          said![c]! += value / total;
          if (c === y) both![c]! += value / total;
        });
        true_![y]! += 1;
      }
    }
    const dice = [1, 2].map((c) => (2 * both![c]! + 1e-5) / (said![c]! + true_![c]! + 1e-5));
    return entropy + 1 - (dice[0]! + dice[1]!) / 2;
  }

  it('is the weighted sum over resolutions, of labels that are thinned out', async () => {
    const names = { fine: input('fine', logits.shape), coarse: input('coarse', coarse.shape) };
    const loss = deepLoss('exclusive', [names.fine, names.coarse], input('target', target.shape));
    const results = await run({ loss }, { fine: logits, coarse, target });
    const fine = reference(logits, (n, p) => target.data[n * 16 + p]!);
    const thin = reference(coarse, (n, p) => target.data[n * 16 + 8 * Math.floor(p / 2) + 2 * (p % 2)]!);
    expect(Number(results.loss!.data[0])).toBeCloseTo((2 * fine + thin) / 3, 5);
  });

  it('lets classes overlap by a sigmoid each', async () => {
    const masks = labels([2, CLASSES, 4, 4], 2);
    const loss = deepLoss('overlapping', [input('fine', logits.shape)], input('target', masks.shape));
    const results = await run({ loss }, { fine: logits, target: masks });
    let entropy = 0;
    const dice = [0, 1, 2].map((c) => {
      let [both, total] = [0, 0];
      for (const n of [0, 1]) {
        for (let p = 0; p < 16; p++) {
          const [s, y] = [1 / (1 + Math.exp(-at(logits, n, c, p))), at(masks, n, c, p)];
          entropy -= Math.log(y === 1 ? s : 1 - s) / masks.data.length;
          both += s * y;
          total += s + y;
        }
      }
      return (2 * both + 1e-5) / (total + 1e-5);
    });
    const expected = entropy + 1 - dice.reduce((a, b) => a + b) / 3;
    expect(Number(results.loss!.data[0])).toBeCloseTo(expected, 5);
  });
});
