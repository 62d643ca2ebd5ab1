/**
 * @file Checks the engine against a U-Net of the original code: logits, loss, gradients and training steps.
 *
 * Adam divides a gradient by its magnitude. A weight whose gradient is mere rounding noise therefore begins with a
 * whole step in a direction of chance, and the gradients that follow magnify it: a float64 run of the original code
 * differs from its own float32 run by 3e-3 of a tensor after four steps of unet-tiny, and noise of 3e-6 in the
 * gradients (PyTorch's own is up to 6e-6) makes 2e-2 of it. So steps are compared in two ways:
 * - led: the first update is taken on the reference's gradient, ours having been compared with it before. From then on
 *   every weight has a direction, and all steps agree to about 3e-6 of the update. That is strict: a weight decay of 0
 *   for 0.01, a learning rate 0.1 % off or another beta each are 9e-4 or more.
 * - free: all steps on our own gradients, compared as a whole.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { CheckpointError } from '../../src/base/errors.ts';
import { buildModel } from '../../src/graph/build.ts';
import { input } from '../../src/graph/tensor.ts';
import { type UNetConfig, unet } from '../../src/nn/unet.ts';
import { bceWithLogits } from '../../src/optim/losses.ts';
import { adamW, type Optimizer } from '../../src/optim/optimizers.ts';
import { packWeights, unpackWeights } from '../../src/optim/parameter-vector.ts';
import { openSession } from '../../src/runtime/session.ts';
import { type Float32NdArray, float32, type NdArray } from '../../src/tensor/array.ts';
import { readSafetensors } from '../../src/tensor/safetensors.ts';
import { buildTrainingStep, openStepRunner } from '../../src/training/step.ts';
import { readConfig } from './config.ts';
import { type GoldenRow, relativeError } from './row.ts';

const configSchema = z.object({
  base_channels: z.int().positive(),
  classes: z.int().positive(),
  lr: z.number().positive(),
  weight_decay: z.number(),
  betas: z.tuple([z.number(), z.number()]),
  eps: z.number().positive(),
  steps: z.int().positive(),
});

/** Of the largest magnitude of a tensor. */
const TOLERANCE = 1e-3;
/** Of the root mean square of all updates. */
const LED_TOLERANCE = 1e-4;
/** Of the root mean square of all parameters; see the head of the file. */
const FREE_TOLERANCE = 5e-3;

type Vectors = Readonly<Record<string, Float32NdArray>>;

/** Runs all checks of a directory with config.json, weights.safetensors and expected.safetensors. */
export async function goldenUnet(dir: string): Promise<GoldenRow[]> {
  const config = await readConfig(dir, 'config.json', configSchema);
  const weights = await readTensors(join(dir, 'weights.safetensors'));
  const expected = await readTensors(join(dir, 'expected.safetensors'));

  const [x, y, positiveWeight] = [expected.get('x'), expected.get('y'), expected.get('pos_weight')];
  const model: UNetConfig = {
    inputChannels: x.shape[1] ?? 1,
    outputChannels: config.classes,
    base: config.base_channels,
    levels: 1 + weights.names.filter((name) => /^up\d+\.up\.weight$/.test(name)).length,
    coordinates: false,
  };
  const optimizer = adamW({
    beta1: config.betas[0],
    beta2: config.betas[1],
    epsilon: config.eps,
    weightDecay: config.weight_decay,
  });
  const step = buildTrainingStep(
    (source) => {
      const logits = unet(model, source, input('x', x.shape));
      const loss = bceWithLogits(logits, input('y', y.shape), input('pos_weight', positiveWeight.shape));
      return { loss, outputs: { logits } };
    },
    { optimizer, returnGradient: true },
  );
  const { specs } = step;
  /** A vector of the reference's tensors, whose names begin with `prefix`. */
  const reference = (tensors: Tensors, prefix = ''): Float32NdArray =>
    packWeights(
      specs,
      new Map(
        specs.map(({ name, shape }) => [name, tensors.get(prefix + originalName(name, model.levels), shape)]),
      ),
    );
  const start = reference(weights);
  const firstGradient = reference(expected, 'grad.');
  const end = reference(expected, `after${config.steps}.`);
  const losses = expected.get('losses', [config.steps]);

  /** Trains up to the last step and returns the parameters, the losses and the first step's outputs. */
  const train = async (from: Vectors, firstStep: number) => {
    const runner = await openStepRunner(step, from);
    const seen: number[] = [];
    let first: Readonly<Record<string, NdArray>> = {};
    for (let at = firstStep; at <= config.steps; at++) {
      const { loss, outputs } = await runner.run({ x, y, pos_weight: positiveWeight }, config.lr, at);
      seen.push(loss);
      if (at === firstStep) first = outputs;
    }
    const parameters = runner.vectors().parameters!;
    await runner.close();
    return { parameters, losses: seen, first };
  };
  const free = await train({ parameters: start }, 1);
  const led = await train(await updateOnce(optimizer, start, firstGradient, config.lr), 2);

  const rows = [
    compared('logits', free.first.logits!.data as Float32Array, expected.get('logits').data),
    compared('loss', free.losses.slice(0, 1), losses.data.subarray(0, 1)),
    compared(`losses of ${config.steps} steps`, free.losses, losses.data),
  ];
  const perTensor = (
    quantity: (name: string) => string,
    ours: Float32NdArray,
    theirs: Float32NdArray,
  ): void => {
    const other = unpackWeights(specs, theirs);
    for (const [name, { data }] of unpackWeights(specs, ours)) {
      rows.push(compared(quantity(name), data, other.get(name)!.data));
    }
  };
  perTensor((name) => `gradient of ${name}`, free.first.gradient as Float32NdArray, firstGradient);
  perTensor((name) => `${name} after ${config.steps} steps`, led.parameters, end);

  const update = end.data.map((value, i) => value - start.data[i]!);
  const steps = `${config.steps} steps, root mean square`;
  const ledError = rootMeanSquare(difference(led.parameters, end)) / rootMeanSquare(update);
  const freeError = rootMeanSquare(difference(free.parameters, end)) / rootMeanSquare(end.data);
  rows.push(judged(`update of all parameters in ${steps}`, ledError, LED_TOLERANCE));
  rows.push(
    judged(`all parameters after ${config.steps} free steps, root mean square`, freeError, FREE_TOLERANCE),
  );
  return rows;
}

/** The vectors after the optimizer's first update on a given gradient. */
async function updateOnce(
  optimizer: Optimizer,
  parameters: Float32NdArray,
  gradient: Float32NdArray,
  learningRate: number,
): Promise<Vectors> {
  const { shape } = parameters;
  const names = ['parameters', ...optimizer.stateNames];
  const next = optimizer.update(
    Object.fromEntries(names.map((name) => [name, input(name, shape)])),
    input('gradient', shape),
    input('learningRate', []),
    optimizer.scalarNames.map((name) => input(name, [])),
  );
  const model = buildModel(Object.fromEntries(names.map((name) => [`next.${name}`, next[name]!])));
  const session = await openSession(model);
  const scalars = optimizer.scalars(1);
  const results = await session.run({
    ...Object.fromEntries(
      optimizer.stateNames.map((name) => [name, float32(shape, new Float32Array(shape[0]!))]),
    ),
    ...Object.fromEntries(optimizer.scalarNames.map((name, i) => [name, float32([], [scalars[i]!])])),
    parameters,
    gradient,
    learningRate: float32([], [learningRate]),
  });
  await session.close();
  return Object.fromEntries(names.map((name) => [name, results[`next.${name}`] as Float32NdArray]));
}

const difference = (a: Float32NdArray, b: Float32NdArray): Float32Array =>
  a.data.map((value, i) => value - b.data[i]!);

function rootMeanSquare(values: Float32Array): number {
  return Math.sqrt(values.reduce((total, value) => total + value * value, 0) / values.length);
}

const compared = (quantity: string, seen: ArrayLike<number>, expected: Float32Array): GoldenRow =>
  judged(quantity, relativeError(seen, expected), TOLERANCE);

function judged(quantity: string, error: number, tolerance: number): GoldenRow {
  return { quantity, seen: error, tolerance, ok: error <= tolerance };
}

interface Tensors {
  readonly names: readonly string[];
  /** The float32 tensor of a name and, where given, of a shape. */
  get(name: string, shape?: readonly number[]): Float32NdArray;
}

async function readTensors(path: string): Promise<Tensors> {
  const tensors = await readSafetensors(path);
  return {
    names: [...tensors.keys()],
    get: (name, shape) => {
      const array = tensors.get(name);
      if (array?.dtype === 'float32' && (shape ?? array.shape).join() === array.shape.join()) {
        return array as Float32NdArray;
      }
      throw new CheckpointError({
        seen: `${path} has ${array ? `${name} as ${array.dtype}[${array.shape}]` : `no tensor ${name}`}`,
        need: `A float32 tensor ${name}${shape ? ` of shape [${shape}]` : ''}`,
        fix: 'Give a folder in the layout of unet-tiny, whose config.json fits its weights',
      });
    },
  };
}

/** The name a weight has in the original code. */
function originalName(name: string, levels: number): string {
  const [part, level, layer, kind] = name.split('.') as [string, string, string, string];
  if (part === 'head') return `outc.conv.${level}`;
  const index = Number(level);
  if (layer === 'up') return `up${levels - 1 - index}.up.${kind}`;
  const slot = { conv0: 0, norm0: 1, conv1: 3, norm1: 4 }[layer];
  const block =
    part === 'decoder' ? `up${levels - 1 - index}.conv` : index === 0 ? 'inc' : `down${index}.maxpool_conv.1`;
  return `${block}.double_conv.${slot}.${kind}`;
}
