/**
 * @file Optimizers as graph builders over flat vectors.
 *
 * All parameters of a model are one vector [P], and so are their gradient and the optimizer's state: an update is a
 * handful of operators whatever the number of layers, and clipping sees the whole gradient at once.
 */
import { add, div, minimum, mul, sub } from '../graph/ops/elementwise.ts';
import { sumSquares } from '../graph/ops/reduce.ts';
import { sqrt } from '../graph/ops/unary.ts';
import type { Tensor } from '../graph/tensor.ts';

/** The vectors of a training: 'parameters', and the optimizer's own under names of its choice. */
export type OptimizerVectors = Readonly<Record<string, Tensor>>;

export interface Optimizer {
  /** Names of the vectors it keeps beside the parameters; all start as zeros. */
  readonly stateNames: readonly string[];
  /** Names of the scalars it is fed at every step beside the learning rate. */
  readonly scalarNames: readonly string[];
  /** Values of those scalars at a step, counted from 1. */
  scalars(step: number): readonly number[];
  /** The updated vectors. */
  update(
    vectors: OptimizerVectors,
    gradient: Tensor,
    learningRate: Tensor,
    scalars: readonly Tensor[],
  ): Record<string, Tensor>;
}

export interface AdamWOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  /** Decoupled: each step takes learning rate x decay off every parameter. 0 by default. */
  readonly weightDecay?: number;
}

/** AdamW (Loshchilov and Hutter 2019, algorithm 2). */
export function adamW(options: AdamWOptions = {}): Optimizer {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 } = options;
  return {
    stateNames: ['moment1', 'moment2'],
    scalarNames: ['correction1', 'correction2'],
    scalars: (step) => [1 - beta1 ** step, 1 - beta2 ** step],
    update: ({ parameters, moment1, moment2 }, g, learningRate, [correction1, correction2]) => {
      const m = add(mul(moment1!, beta1), mul(g, 1 - beta1));
      const v = add(mul(moment2!, beta2), mul(mul(g, g), 1 - beta2));
      const denominator = add(div(sqrt(v), sqrt(correction2!)), epsilon);
      const step = mul(div(m, denominator), div(learningRate, correction1!));
      const decayed =
        weightDecay === 0 ? parameters! : mul(parameters!, sub(1, mul(learningRate, weightDecay)));
      return { parameters: sub(decayed, step), moment1: m, moment2: v };
    },
  };
}

export interface SgdOptions {
  readonly momentum?: number;
  readonly weightDecay?: number;
}

/** SGD with Nesterov momentum, as PyTorch writes it: v = mu v + g, p = p - lr (g + mu v). */
export function sgdNesterov(options: SgdOptions = {}): Optimizer {
  const { momentum = 0.99, weightDecay = 0 } = options;
  return {
    stateNames: ['velocity'],
    scalarNames: [],
    scalars: () => [],
    update: ({ parameters, velocity }, gradient, learningRate) => {
      const g = weightDecay === 0 ? gradient : add(gradient, mul(parameters!, weightDecay));
      const v = add(mul(velocity!, momentum), g);
      return { parameters: sub(parameters!, mul(add(g, mul(v, momentum)), learningRate)), velocity: v };
    },
  };
}

/** Scales a gradient so that its Euclidean norm is at most `largest` (Pascanu et al. 2013). */
export function clipNorm(gradient: Tensor, largest: number): Tensor {
  const norm = sqrt(sumSquares(gradient));
  return mul(gradient, minimum(div(largest, add(norm, 1e-6)), 1));
}

/** Exponential moving average: decay x average + (1 - decay) x value. */
export function movingAverage(average: Tensor, value: Tensor, decay: number): Tensor {
  return add(mul(average, decay), mul(value, 1 - decay));
}
