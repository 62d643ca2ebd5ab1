/** @file Foal's training step: one ONNX model, from images and prompts to updated weights. */
import { mul } from '../graph/ops/elementwise.ts';
import { cast } from '../graph/ops/unary.ts';
import { input } from '../graph/tensor.ts';
import { adamW } from '../optim/optimizers.ts';
import type { SamConfig } from '../sam/config.ts';
import { buildTrainingStep, type StepOptions, type TrainingStep } from '../training/step.ts';
import { type BatchSize, promptedMasks, promptInputs } from './graph.ts';
import { promptLoss } from './loss.ts';

/** Decoupled; most weights are followed by a norm, for which it only sets the pace. */
const WEIGHT_DECAY = 0.01;
const CLIP_NORM = 1;

/**
 * Inputs beside those of promptInputs: `pixels` [B, 1, imageSize, imageSize] as the encoder takes them, and `target`
 * [N, 1, 4 gridSize, 4 gridSize], bytes whose 255 is a wholly covered cell. Outputs: `loss`, `single` and `overlap`,
 * see promptLoss.
 */
export function buildFoalStep(
  config: SamConfig,
  size: BatchSize,
  frequencies: Float32Array,
  options: Pick<StepOptions, 'averageDecay' | 'returnGradient'>,
): TrainingStep {
  const side = 4 * config.gridSize;
  return buildTrainingStep(
    (source) => {
      const pixels = input('pixels', [size.images, 1, config.imageSize, config.imageSize]);
      const target = input('target', [size.images * size.prompts, 1, side, side], 'uint8');
      const { logits, iou } = promptedMasks(config, source, pixels, promptInputs(config, size), frequencies);
      const { loss, single, overlap } = promptLoss(logits, iou, mul(cast(target, 'float32'), 1 / 255));
      return { loss, outputs: { single, overlap } };
    },
    { optimizer: adamW({ weightDecay: WEIGHT_DECAY }), clipNorm: CLIP_NORM, ...options },
  );
}
