/** @file A head on frozen features: what it sees, that it learns, that the encoder does not. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { hashFile } from '../../src/base/hash.ts';
import { createRng } from '../../src/base/rng.ts';
import { type FrozenEncoder, frozenEncoder } from '../../src/frozen/features.ts';
import type { HeadSettings } from '../../src/frozen/plan.ts';
import { openHead } from '../../src/frozen/predictor.ts';
import { trainHead } from '../../src/frozen/train.ts';
import { buildModel } from '../../src/graph/build.ts';
import { input } from '../../src/graph/tensor.ts';
import { type Image, toUnitIntensities } from '../../src/imaging/image.ts';
import { resizeValues } from '../../src/imaging/resample.ts';
import { maskAgreement } from '../../src/masks/overlap.ts';
import { decodeRle } from '../../src/masks/rle.ts';
import { openSession } from '../../src/runtime/session.ts';
import { weightsHash } from '../../src/sam/checkpoint.ts';
import { SamPredictor } from '../../src/sam/predictor.ts';
import { openEmbeddingStore } from '../../src/sam/store.ts';
import { fromRows } from '../../src/sam/upscaling.ts';
import { type Float32NdArray, float32 } from '../../src/tensor/array.ts';
import { probabilitiesToMasks } from '../../src/training/predictor.ts';
import type { EpochLog } from '../../src/training/types.ts';
import { tinyCheckpoint, tinyConfig } from '../sam/tiny-model.ts';
import { temporaryFolder } from '../temporary.ts';
import { CLASSES, syntheticSamples } from '../training/synthetic.ts';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});

/** Says of an image its brightness, and nothing of what lies right and below of it. */
function plainEncoder(gridSize: number): FrozenEncoder {
  const shape = { width: 3, gridSize, early: 2 };
  const bands = (image: Image, side: number, thresholds: readonly number[]): Float32Array => {
    const [height, width] = [side / 2, side];
    const small = resizeValues(toUnitIntensities(image), image, { height, width });
    const maps = new Float32Array(thresholds.length * side * side);
    thresholds.forEach((threshold, k) => {
      small.forEach((value, at) => {
        maps[k * side * side + at] = value - threshold;
      });
    });
    return maps;
  };
  return {
    shape,
    maps: async (image) => ({
      features: bands(image, gridSize, [0.2, 0.45, 0.7]),
      early: bands(image, 4 * gridSize, [0.3, 0.6]),
      shown: { height: 2 * gridSize, width: 4 * gridSize },
    }),
  };
}

const SETTINGS: HeadSettings = {
  epochs: 30,
  samplesPerEpoch: 8,
  batch: 2,
  learningRate: 2e-2,
  schedule: 'one-cycle',
  validateEvery: 30,
  weightDecay: 0.01,
  averageDecay: 0.9,
  affine: { kind: 'uniform', rotation: 0.05, scale: 0.1, aspect: 0.05, shear: 0.05, shift: 0.05 },
};

const base = {
  settings: SETTINGS,
  encoder: plainEncoder(8),
  samples: syntheticSamples(6, 1),
  imageKey: (id: string) => id,
  seed: 5,
  threads: 1,
};
const planOf = (head: 'exclusive' | 'overlapping') => ({ head, classes: CLASSES, coordinates: false });

describe('trainHead', () => {
  it.each(['exclusive', 'overlapping'] as const)('learns a simple task with the %s head', async (head) => {
    const { curve } = await trainHead({ ...base, plan: planOf(head), directory: folder });
    expect(curve.at(-1)!.loss).toBeLessThan(curve[0]!.loss / 2);
    const opened = await openHead(folder, base.encoder, { threads: 1 });
    const [sample] = syntheticSamples(1, 2);
    const maps = await opened.predict(await sample!.read(), 'x');
    await opened.close();
    expect([maps.height, maps.width]).toEqual([48, 48]);
    const masks = probabilitiesToMasks(maps, head);
    expect(masks.map(({ classIndex }) => classIndex)).toEqual([0, 1]);
    for (const { classIndex, mask } of masks) {
      const truth = decodeRle(sample!.structures[classIndex]!.rle);
      expect(maskAgreement(mask, truth), CLASSES[classIndex]!).toBeGreaterThan(0.7);
    }
  });

  it('ends with the same bytes when it is stopped and started again', async () => {
    const options = { ...base, plan: planOf('exclusive'), settings: { ...SETTINGS, epochs: 4 } };
    await trainHead({ ...options, directory: join(folder, 'whole') });
    const controller = new AbortController();
    const onEpoch = ({ epoch }: EpochLog): void => {
      if (epoch === 2) controller.abort(new Error('stopped'));
    };
    const parts = join(folder, 'parts');
    const stopped = trainHead({ ...options, directory: parts, onEpoch, signal: controller.signal });
    await expect(stopped).rejects.toThrow('stopped');
    await trainHead({ ...options, directory: parts });
    for (const file of ['weights.safetensors', 'model.onnx']) {
      expect(await hashFile(join(parts, file)), file).toBe(await hashFile(join(folder, 'whole', file)));
    }
    const log = await readFile(join(parts, 'log.jsonl'), 'utf8');
    expect(log.trim().split('\n')).toHaveLength(4);
  });

  it('warps features and targets: without warps the same seed ends elsewhere', async () => {
    const settings = { ...SETTINGS, epochs: 2 };
    const still = { kind: 'gaussian', spread: 0 } as const;
    const run = async (name: string, own: HeadSettings): Promise<string> => {
      await trainHead({ ...base, plan: planOf('exclusive'), settings: own, directory: join(folder, name) });
      return hashFile(join(folder, name, 'weights.safetensors'));
    };
    expect(await run('warped', settings)).not.toBe(await run('still', { ...settings, affine: still }));
  });

  it('refuses to train on nothing', async () => {
    const nothing = trainHead({ ...base, plan: planOf('exclusive'), samples: [], directory: folder });
    await expect(nothing).rejects.toThrow(/no images/);
  });
});

describe('the encoder', () => {
  it('is frozen: it looks at each image once, and none of its weights changes or is trained', async () => {
    const checkpoint = tinyCheckpoint();
    const before = weightsHash(checkpoint.weights);
    const model = new SamPredictor(checkpoint, {
      threads: 1,
      store: openEmbeddingStore(join(folder, 'store')),
    });
    let encoded = 0;
    const embed = model.embed.bind(model);
    model.embed = (pixels) => {
      encoded++;
      return embed(pixels);
    };
    const options = { ...base, plan: planOf('exclusive'), settings: { ...SETTINGS, epochs: 2 } };
    for (const name of ['first', 'second']) {
      await trainHead({ ...options, encoder: frozenEncoder(model), directory: join(folder, name) });
    }
    await model.close();
    expect(encoded).toBe(base.samples.length);
    expect(weightsHash(checkpoint.weights)).toBe(before);
    const log = await readFile(join(folder, 'first', 'weights.safetensors'), 'latin1');
    expect(log).toContain('branch.conv.weight');
    expect(log).not.toContain('image_encoder');
  });

  it("gives Foal's early features as maps", async () => {
    const rng = createRng(2);
    const [gridSize, early] = [2, 3];
    const side = 4 * gridSize;
    const maps = float32(
      [1, early, side, side],
      Float32Array.from({ length: early * side * side }, () => rng.normal()),
    );
    const session = await openSession(buildModel({ fine: fromRows(input('maps', maps.shape), gridSize) }), {
      threads: 1,
    });
    const { fine } = (await session.run({ maps })) as { fine: Float32NdArray };
    await session.close();
    const config = {
      ...tinyConfig,
      imageSize: 32,
      gridSize,
      width: 8 * early,
      encoder: { kind: 'conv', stem: 1, stages: [], contexts: 0 } as never,
    };
    const embedding = float32([1, 24, gridSize, gridSize], new Float32Array(96));
    const encoder = frozenEncoder({
      config,
      features: async () => ({ features: { embedding, fine }, resized: { height: 32, width: 18 } }),
    });
    const said = await encoder.maps(await base.samples[0]!.read(), 'key');
    expect([...said.early]).toEqual([...maps.data]);
    expect(said.shown).toEqual({ height: 8, width: 5 });
  });
});
