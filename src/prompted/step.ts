/** @file The training step of a promptable model: one ONNX model, from features and prompts to updated weights. */
import { mul } from '../graph/ops/elementwise.ts';
import { cast } from '../graph/ops/unary.ts';
import { input } from '../graph/tensor.ts';
import type { ParameterSource } from '../nn/parameters.ts';
import { adamW } from '../optim/optimizers.ts';
import type { SamConfig } from '../sam/config.ts';
import type { EncodedFeatures } from '../sam/image-encoder.ts';
import { buildTrainingStep, type StepOptions, type TrainingStep } from '../training/step.ts';
import { type BatchSize, promptedMasks, promptInputs } from './graph.ts';
import { promptLoss } from './loss.ts';

/** Decoupled; most weights are followed by a norm, for which it only sets the pace. */
const WEIGHT_DECAY = 0.01;
const CLIP_NORM = 1;

export interface PromptedModel {
  readonly config: SamConfig;
  readonly size: BatchSize;
  /** Of the position encoding, [2, width / 2]. */
  readonly frequencies: Float32Array;
  /** The features of the batch's images: computed from inputs by weights that are trained too, or inputs themselves. */
  readonly features: (source: ParameterSource) => EncodedFeatures;
}

/**
 * Inputs beside the features' and those of promptInputs: `target` [N, 1, 4 gridSize, 4 gridSize], bytes whose 255 is a
 * wholly covered cell. Outputs: `loss`, `single` and `overlap`, see promptLoss.
 */
export function buildPromptedStep(
  { config, size, frequencies, features }: PromptedModel,
  options: Pick<StepOptions, 'averageDecay' | 'returnGradient'>,
): TrainingStep {
  const side = 4 * config.gridSize;
  return buildTrainingStep(
    (source) => {
      const target = input('target', [size.images * size.prompts, 1, side, side], 'uint8');
      const prompts = promptInputs(config, size);
      const { logits, iou } = promptedMasks(config, source, features(source), prompts, frequencies);
      const { loss, single, overlap } = promptLoss(logits, iou, mul(cast(target, 'float32'), 1 / 255));
      return { loss, outputs: { single, overlap } };
    },
    { optimizer: adamW({ weightDecay: WEIGHT_DECAY }), clipNorm: CLIP_NORM, ...options },
  );
}
