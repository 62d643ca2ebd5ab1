/**
 * @file One training step as one ONNX model: forward, loss, gradient, clipping, optimizer and moving average.
 *
 * Vectors (parameters, optimizer state, average) go in as `<name>` and come out as `next.<name>`; the caller swaps
 * two sets of buffers, so that a step allocates nothing.
 */
import { gradient } from '../autodiff/gradient.ts';
import { buildModel } from '../graph/build.ts';
import type { OnnxModel } from '../graph/onnx/model.ts';
import { input, type Tensor } from '../graph/tensor.ts';
import { listParameters, type ParameterSource, type ParameterSpec } from '../nn/parameters.ts';
import { clipNorm, movingAverage, type Optimizer } from '../optim/optimizers.ts';
import { joinVector, splitVector, vectorLength, vectorSource } from '../optim/parameter-vector.ts';
import { type Feeds, openSession, type Session, type SessionOptions } from '../runtime/session.ts';
import { type Float32NdArray, float32 } from '../tensor/array.ts';

/**
 * What a loss sees: the source of the weights, and that of their moving average, or of the weights again where none is
 * kept. It makes its own inputs for the batch. Returns a scalar.
 */
export type LossBuilder = (
  source: ParameterSource,
  average: ParameterSource,
) => {
  readonly loss: Tensor;
  readonly outputs?: Record<string, Tensor>;
};

export interface StepOptions {
  readonly optimizer: Optimizer;
  /** Largest norm of the gradient; unlimited by default. */
  readonly clipNorm?: number;
  /** Decay of an exponential moving average of the parameters, kept beside them as 'average'; none by default. */
  readonly averageDecay?: number;
  /** Also return the gradient vector, as output 'gradient'. */
  readonly returnGradient?: boolean;
}

export interface TrainingStep {
  readonly model: OnnxModel;
  readonly specs: readonly ParameterSpec[];
  /** Names of the vectors that go in and come out, 'parameters' first. */
  readonly vectorNames: readonly string[];
  readonly optimizer: Optimizer;
}

export function buildTrainingStep(build: LossBuilder, options: StepOptions): TrainingStep {
  const { optimizer } = options;
  const specs = listParameters((source) => build(source, source));
  const shape = [vectorLength(specs)];
  const averaged = options.averageDecay !== undefined;
  const vectorNames = ['parameters', ...optimizer.stateNames, ...(averaged ? ['average'] : [])];
  const vectors = Object.fromEntries(vectorNames.map((name) => [name, input(name, shape)]));

  const parameters = splitVector(specs, vectors.parameters!);
  const source = vectorSource(parameters);
  const average = averaged ? vectorSource(splitVector(specs, vectors.average!)) : source;
  const { loss, outputs = {} } = build(source, average);
  const ofParameters = gradient(
    loss,
    specs.map(({ name }) => parameters.get(name)!),
  );
  const whole = joinVector(ofParameters);
  const clipped = options.clipNorm === undefined ? whole : clipNorm(whole, options.clipNorm);
  const scalars = optimizer.scalarNames.map((name) => input(name, []));
  const next = optimizer.update(vectors, clipped, input('learningRate', []), scalars);
  if (averaged) next.average = movingAverage(vectors.average!, next.parameters!, options.averageDecay!);

  const model = buildModel(
    {
      loss,
      ...outputs,
      ...(options.returnGradient && { gradient: whole }),
      ...Object.fromEntries(vectorNames.map((name) => [`next.${name}`, next[name]!])),
    },
    { graphName: 'training step' },
  );
  return { model, specs, vectorNames, optimizer };
}

/** A step with its buffers: holds the vectors and advances them. */
export interface StepRunner {
  /** The current vectors by name. Read or save them before the next step: their memory is reused. */
  vectors(): Readonly<Record<string, Float32NdArray>>;
  /** Runs one step on a batch and returns the loss and whatever other outputs the step has. */
  run(batch: Feeds, learningRate: number, step: number): Promise<{ loss: number; outputs: Feeds }>;
  close(): Promise<void>;
}

/** Opens a runner. Vectors missing from `start` begin as zeros; 'average' begins as the parameters. */
export async function openStepRunner(
  step: TrainingStep,
  start: Readonly<Record<string, Float32NdArray>>,
  options: SessionOptions = {},
): Promise<StepRunner> {
  const session: Session = await openSession(step.model, options);
  const length = vectorLength(step.specs);
  const fresh = (name: string): Float32NdArray => {
    const given = start[name] ?? (name === 'average' ? start.parameters : undefined);
    return float32([length], given === undefined ? new Float32Array(length) : given.data.slice());
  };
  let current = Object.fromEntries(step.vectorNames.map((name) => [name, fresh(name)]));
  let spare = Object.fromEntries(
    step.vectorNames.map((name) => [name, float32([length], new Float32Array(length))]),
  );

  return {
    vectors: () => current,
    run: async (batch, learningRate, at) => {
      const values = step.optimizer.scalars(at);
      const scalars = Object.fromEntries(
        step.optimizer.scalarNames.map((name, i) => [name, float32([], [values[i]!])]),
      );
      const into = Object.fromEntries(step.vectorNames.map((name) => [`next.${name}`, spare[name]!]));
      const feeds = { ...batch, ...current, ...scalars, learningRate: float32([], [learningRate]) };
      const outputs = await session.run(feeds, into);
      [current, spare] = [spare, current];
      return { loss: Number(outputs.loss!.data[0]), outputs };
    },
    close: () => session.close(),
  };
}
