/**
 * @file From a training step and its batches to a finished network in a folder: what the trainings of all networks that
 * are known by a plan share.
 *
 * Every random number comes from one stored generator, and a checkpoint holds all the next step depends on: a run
 * that was killed and started again ends with the same bytes as one that was not.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../base/files.ts';
import { decodeModel } from '../graph/onnx/decode.ts';
import { encodeModel } from '../graph/onnx/encode.ts';
import type { OnnxModel } from '../graph/onnx/model.ts';
import type { ParameterSpec, Weights } from '../nn/parameters.ts';
import { packWeights, unpackWeights, vectorLength } from '../optim/parameter-vector.ts';
import { type ComputeOptions, computeOf } from '../runtime/session.ts';
import type { Float32NdArray } from '../tensor/array.ts';
import { encodeSafetensors, readSafetensors } from '../tensor/safetensors.ts';
import { loadState, trainingState } from './checkpoint.ts';
import { type LoopInput, runLoop } from './loop.ts';
import { openStepRunner, type StepRunner, type TrainingStep } from './step.ts';
import type { EpochLog } from './types.ts';
import type { Validator } from './validate.ts';

export interface FitOptions
  extends ComputeOptions,
    Pick<
      LoopInput,
      | 'settings'
      | 'batches'
      | 'directory'
      | 'key'
      | 'seed'
      | 'rateSetting'
      | 'saveSeconds'
      | 'onEpoch'
      | 'signal'
    > {
  /** Stored beside the weights. */
  readonly plan: object;
  /** Asked for where the training is not finished yet. */
  readonly step: () => TrainingStep;
  /** The weights to begin with. */
  readonly first: (specs: readonly ParameterSpec[]) => Weights;
  readonly openValidator?: () => Promise<Validator>;
  /** The network as a plain inference model. */
  readonly exported: (weights: Weights) => OnnxModel;
}

const KEY = 'packmule.training';

/**
 * Trains a network, or continues where an earlier run of the same training stopped. The folder then has log.jsonl,
 * weights.safetensors and model.onnx; until then checkpoint/.
 */
export async function fitNetwork(options: FitOptions): Promise<{ readonly curve: readonly EpochLog[] }> {
  const { directory, key } = options;
  const finished = await finishedCurve(directory, key);
  if (finished) return { curve: finished };

  const step = options.step();
  const length = vectorLength(step.specs);
  const saved = await loadState(directory, key, {
    schema: trainingState,
    lengths: Object.fromEntries(step.vectorNames.map((name) => [name, length])),
  });
  const vectors = saved?.vectors ?? { parameters: packWeights(step.specs, options.first(step.specs)) };
  const runner = await openStepRunner(step, vectors, computeOf(options));
  const validator = await options.openValidator?.();
  try {
    const validate = async () => validator?.dice(finalParameters(runner));
    const curve = await runLoop({ ...options, runner, start: saved, validate });
    await writeNetwork(options, unpackWeights(step.specs, finalParameters(runner)));
    await rm(join(directory, 'checkpoint'), { recursive: true, force: true });
    return { curve };
  } finally {
    await runner.close();
    await validator?.close();
  }
}

const finalParameters = (runner: StepRunner): Float32NdArray => {
  const { parameters, average } = runner.vectors();
  return (average ?? parameters)!;
};

/** The weights of a finished training, from its folder. */
export async function readWeights(directory: string): Promise<Weights> {
  return (await readSafetensors(weightsIn(directory))) as Weights;
}

export const weightsIn = (directory: string): string => join(directory, 'weights.safetensors');

async function writeNetwork({ directory, key, plan, exported }: FitOptions, weights: Weights): Promise<void> {
  await writeFileAtomic(weightsIn(directory), encodeSafetensors(weights, { plan: JSON.stringify(plan) }));
  const model = exported(weights);
  const keyed = { ...model, metadata: { ...model.metadata, [KEY]: key } };
  // Written last: its presence says that the training is finished.
  await writeFileAtomic(join(directory, 'model.onnx'), encodeModel(keyed));
}

/** The curve of a training that is already done, by the key in its model; undefined where a part lacks or is damaged. */
async function finishedCurve(directory: string, key: string): Promise<EpochLog[] | undefined> {
  try {
    const model = decodeModel(await readFile(join(directory, 'model.onnx')));
    if (model.metadata[KEY] !== key) return undefined;
    await readWeights(directory);
    const lines = (await readFile(join(directory, 'log.jsonl'), 'utf8')).split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as EpochLog);
  } catch {
    return undefined;
  }
}
