/** @file The network of a plan as a graph: the loss of a batch of patches, and the ensemble as one plain ONNX model. */
import type { Size } from '../base/geometry.ts';
import { buildModel } from '../graph/build.ts';
import type { OnnxModel } from '../graph/onnx/model.ts';
import { add, mul } from '../graph/ops/elementwise.ts';
import { input, type Tensor } from '../graph/tensor.ts';
import { constantSource, type ParameterSource, type Weights } from '../nn/parameters.ts';
import { plainConvUNet } from '../nn/plain-conv-unet.ts';
import { scoped } from '../nn/scope.ts';
import { asTarget, headChannels } from '../training/objective.ts';
import type { LossBuilder } from '../training/step.ts';
import { augmentPatches } from './augment.ts';
import { deepLoss, supervised } from './loss.ts';
import type { NnUnetPlan } from './plan.ts';

function patchLogits(plan: NnUnetPlan, source: ParameterSource, patches: Tensor, heads: number): Tensor[] {
  const { head, classes, stages } = plan;
  const outputChannels = headChannels(head, classes.length);
  return plainConvUNet({ inputChannels: 1, outputChannels, stages }, source, patches, heads);
}

/** Inputs: `image` and `target` (bytes), crops of a size, and the numbers of their augmentation. */
export function patchLoss(plan: NnUnetPlan, batch: number, crop: Size): LossBuilder {
  const { head, classes, patch, stages } = plan;
  const { height, width } = crop;
  const channels = head === 'exclusive' ? 1 : classes.length;
  return (source) => {
    const labels = asTarget(input('target', [batch, channels, height, width], 'uint8'));
    const { image, target } = augmentPatches(input('image', [batch, 1, height, width]), labels, patch);
    return { loss: deepLoss(head, patchLogits(plan, source, image, supervised(stages.length)), target) };
  };
}

/** Networks of the same plan as one model: `image` [1, 1, h, w], a normalised patch, to the mean of their `logits`. */
export function exportEnsemble(plan: NnUnetPlan, networks: readonly Weights[]): OnnxModel {
  const { height, width } = plan.patch;
  const image = input('image', [1, 1, height, width]);
  const named = new Map(
    networks.flatMap((weights, k) => [...weights].map(([name, array]) => [`network-${k}.${name}`, array])),
  );
  const source = constantSource(named);
  const logits = networks.map((_, k) => patchLogits(plan, scoped(source, `network-${k}.`), image, 1)[0]!);
  return buildModel(
    { logits: mul(logits.reduce(add), 1 / networks.length) },
    {
      graphName: 'packmule nnU-Net ensemble',
      metadata: { plan: JSON.stringify(plan), classes: JSON.stringify(plan.classes), head: plan.head },
    },
  );
}
