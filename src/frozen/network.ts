/** @file The head as a graph: its logits, the loss of a batch of warped features, and its export. */
import { buildModel } from '../graph/build.ts';
import type { OnnxModel } from '../graph/onnx/model.ts';
import { gridSample } from '../graph/ops/grid-sample.ts';
import { input, type Tensor } from '../graph/tensor.ts';
import { lrAspp } from '../nn/lr-aspp.ts';
import { constantSource, type ParameterSource, type Weights } from '../nn/parameters.ts';
import { samplingGrid } from '../training/augment.ts';
import { asTarget, classProbabilities, headChannels, objectiveLoss } from '../training/objective.ts';
import type { LossBuilder } from '../training/step.ts';
import { cellsOf, type EncoderShape } from './features.ts';
import type { HeadPlan } from './plan.ts';

interface Maps {
  /** [N, width, gridSize, gridSize] */
  readonly features: Tensor;
  /** [N, early, 4 gridSize, 4 gridSize] */
  readonly early: Tensor | undefined;
}

/** Inputs `features` and, where the encoder has them, `early`. */
function mapInputs({ width, gridSize, early }: EncoderShape, batch: number): Maps {
  const side = 4 * gridSize;
  return {
    features: input('features', [batch, width, gridSize, gridSize]),
    early: early === 0 ? undefined : input('early', [batch, early, side, side]),
  };
}

function headLogits(
  { head, classes, coordinates }: HeadPlan,
  shape: EncoderShape,
  source: ParameterSource,
  { features, early }: Maps,
): Tensor {
  const side = cellsOf(shape);
  const config = { outputChannels: headChannels(head, classes.length), coordinates };
  return lrAspp(config, source, features, early, { height: side, width: side });
}

/** Inputs beside the maps: `target` [batch, T, 4 gridSize, 4 gridSize] bytes, `affine` [batch, 2, 3] warps both. */
export function headLoss(plan: HeadPlan, shape: EncoderShape, batch: number): LossBuilder {
  const [places, cells] = [shape.gridSize, cellsOf(shape)];
  const channels = plan.head === 'exclusive' ? 1 : plan.classes.length;
  return (source) => {
    const { features, early } = mapInputs(shape, batch);
    const affine = input('affine', [batch, 2, 3]);
    const coarse = samplingGrid({ affine }, { height: places, width: places });
    const sharp = samplingGrid({ affine }, { height: cells, width: cells });
    const target = asTarget(input('target', [batch, channels, cells, cells], 'uint8'));
    const logits = headLogits(plan, shape, source, {
      features: gridSample(features, coarse, 'bilinear', 'border'),
      early: early && gridSample(early, sharp, 'bilinear', 'border'),
    });
    const warped = gridSample(target, sharp, 'nearest', 'zeros');
    return { loss: objectiveLoss({ kind: 'entropy+dice' }, plan.head, logits, warped) };
  };
}

/** The trained head: the maps of one image in, `probabilities` [1, classes, 4 gridSize, 4 gridSize] out. */
export function exportHead(plan: HeadPlan, shape: EncoderShape, weights: Weights): OnnxModel {
  const logits = headLogits(plan, shape, constantSource(weights), mapInputs(shape, 1));
  return buildModel(
    { probabilities: classProbabilities(plan.head, logits) },
    {
      graphName: 'packmule head on frozen features',
      metadata: { classes: JSON.stringify(plan.classes), head: plan.head },
    },
  );
}
