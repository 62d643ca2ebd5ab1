/**
 * @file Small models of what Packmule computes, with feeds: a whole training step (augmentation, U-Net, gradient,
 * AdamW) and a vision transformer. What runs them as the CPU does can be trusted with the large ones.
 */
import { createRng, type Rng } from '../base/rng.ts';
import { buildModel } from '../graph/build.ts';
import type { OnnxModel } from '../graph/onnx/model.ts';
import { conv2d } from '../graph/ops/conv.ts';
import { constant, input } from '../graph/tensor.ts';
import { constantSource, initializeWeights, listParameters, type ParameterSource } from '../nn/parameters.ts';
import { type VitConfig, vit } from '../nn/vit.ts';
import { packWeights } from '../optim/parameter-vector.ts';
import type { Feeds } from '../runtime/session.ts';
import { float32 } from '../tensor/array.ts';
import { drawAugmentation, makeNoiseBank } from '../training/augment.ts';
import { batchFeeds } from '../training/batches.ts';
import { headChannels } from '../training/objective.ts';
import { presets } from '../training/presets.ts';
import type { CachedSample } from '../training/sample-cache.ts';
import { buildStep } from '../training/train.ts';
import type { NetworkPlan } from '../training/types.ts';

export interface ProbeModel {
  /** For people: `training step`. */
  readonly name: string;
  readonly model: OnnxModel;
  readonly feeds: Feeds;
}

const CLASSES = ['disk', 'bar'];
const BATCH = 4;
const SIDE = 64;

/** A training step of the preset laptop, on a network of three levels. */
export function trainingProbe(): ProbeModel {
  const rng = createRng(1);
  const size = { height: SIDE, width: SIDE };
  const plan: NetworkPlan = {
    architecture: {
      inputChannels: 1,
      outputChannels: headChannels('exclusive', CLASSES.length),
      base: 16,
      levels: 3,
      coordinates: true,
    },
    head: 'exclusive',
    inputSize: size,
    intensity: { mean: 0.5, deviation: 0.25 },
    classes: CLASSES,
  };
  const { training } = presets.laptop;
  const settings = {
    ...training,
    epochs: 1,
    samplesPerEpoch: BATCH,
    batch: BATCH,
    learningRate: 1e-3,
    validateEvery: 1,
  };
  const samples = Array.from({ length: BATCH }, (_, i) => drawSample(rng, i));
  const { model, specs, vectorNames, optimizer } = buildStep(plan, settings, samples);
  const parameters = packWeights(specs, initializeWeights(specs, rng));
  const zeros = float32(parameters.shape, new Float32Array(parameters.data.length));
  const started = new Set(['parameters', 'average']);
  const scalars = optimizer.scalars(1);
  const flipped = samples.map(() => false);
  return {
    name: 'training step',
    model,
    feeds: {
      ...Object.fromEntries(vectorNames.map((name) => [name, started.has(name) ? parameters : zeros])),
      ...Object.fromEntries(optimizer.scalarNames.map((name, i) => [name, float32([], [scalars[i]!])])),
      ...batchFeeds(
        samples.map((sample) => ({ sample, flipped: false })),
        plan,
      ),
      ...drawAugmentation(rng, settings.augmentation, flipped, size, makeNoiseBank(rng, BATCH, size)),
      learningRate: float32([], [settings.learningRate]),
    },
  };
}

/** A noisy disk and a noisy bar. */
function drawSample(rng: Rng, index: number): CachedSample {
  const target = Uint8Array.from({ length: SIDE * SIDE }, (_, at) => {
    const [y, x] = [Math.floor(at / SIDE), at % SIDE];
    if (Math.hypot(x - 20 - 3 * index, y - 24) < 12) return 1;
    return Math.abs(y - 50) < 6 && x > 8 ? 2 : 0;
  });
  const image = Float32Array.from(target, (label) => 0.2 + 0.25 * label + 0.1 * rng.uniform());
  return { id: String(index), image, target };
}

const TRANSFORMER: VitConfig = {
  patchSize: 16,
  width: 48,
  heads: 3,
  mlpWidth: 192,
  // Windows of 3 do not divide the 8 x 8 tokens, so that padding is tried too.
  windows: [3, 0],
  relativePositions: true,
  layerNormEpsilon: 1e-6,
};

/** Two blocks as in the image encoder of Segment Anything. */
export function transformerProbe(): ProbeModel {
  const rng = createRng(2);
  const shape = [1, 3, 128, 128];
  const build = (source: ParameterSource) => vit(TRANSFORMER, source, input('pixels', shape));
  const weights = initializeWeights(listParameters(build), rng);
  return {
    name: 'transformer',
    model: buildModel({ tokens: build(constantSource(weights)).tokens }),
    feeds: {
      pixels: float32(
        shape,
        normals(
          rng,
          shape.reduce((a, b) => a * b),
        ),
      ),
    },
  };
}

/** A 3 x 3 convolution of 64 to 64 features over 64 x 64 px, and its floating point operations. */
export function speedProbe(): ProbeModel & { readonly operations: number } {
  const rng = createRng(3);
  const [features, side] = [64, 64];
  const shape = [1, features, side, side];
  const filter = [features, features, 3, 3];
  const weights = constant(float32(filter, normals(rng, features * features * 9)));
  return {
    name: 'convolution',
    model: buildModel({ y: conv2d(input('x', shape), weights, undefined, { padding: 1 }) }),
    feeds: { x: float32(shape, normals(rng, features * side * side)) },
    operations: 2 * 9 * features * features * side * side,
  };
}

function normals(rng: Rng, count: number): Float32Array {
  return Float32Array.from({ length: count }, () => rng.normal());
}
