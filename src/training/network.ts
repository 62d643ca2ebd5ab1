/** @file The network of a plan: from image intensities to logits, and its export as a plain ONNX model. */
import { z } from 'zod';
import { CheckpointError } from '../base/errors.ts';
import { buildModel } from '../graph/build.ts';
import type { OnnxModel } from '../graph/onnx/model.ts';
import { mul, sub } from '../graph/ops/elementwise.ts';
import { input, type Tensor } from '../graph/tensor.ts';
import {
  constantSource,
  listParameters,
  type ParameterSource,
  type ParameterSpec,
  type Weights,
} from '../nn/parameters.ts';
import { unet } from '../nn/unet.ts';
import { mirroredMean } from './mirrored.ts';
import { classProbabilities } from './objective.ts';
import type { NetworkPlan } from './types.ts';

const METADATA_KEY = 'packmule.plan';

/** Logits of images [N, 1, H, W] with intensities in [0, 1]. */
export function networkLogits(plan: NetworkPlan, source: ParameterSource, image: Tensor): Tensor {
  const { mean, deviation } = plan.intensity;
  return unet(plan.architecture, source, mul(sub(image, mean), 1 / deviation));
}

/** Whether a network of one plan can begin with the weights of one of the other. */
export function canGoOnFrom(before: NetworkPlan, after: NetworkPlan): boolean {
  const kind = ({ architecture, head }: NetworkPlan): string => JSON.stringify({ architecture, head });
  return kind(before) === kind(after);
}

export function networkSpecs(plan: NetworkPlan): ParameterSpec[] {
  const { height, width } = plan.inputSize;
  return listParameters((source) => networkLogits(plan, source, input('image', [1, 1, height, width])));
}

/**
 * The trained network as a plain inference model: input `image` [1, 1, H, W] in [0, 1], output `probabilities`
 * [1, classes, H, W]. Class names, normalisation, input size and head are in the metadata.
 *
 * @param mirror the class that each class becomes in a flipped image, where the network has learnt from such: the
 *   probabilities are then the mean over the image and its mirror image
 */
export function exportNetwork(plan: NetworkPlan, weights: Weights, mirror?: readonly number[]): OnnxModel {
  const { height, width } = plan.inputSize;
  const source = constantSource(weights);
  const ofImages = (images: Tensor): Tensor =>
    classProbabilities(plan.head, networkLogits(plan, source, images));
  const image = input('image', [1, 1, height, width]);
  const probabilities = mirror === undefined ? ofImages(image) : mirroredMean(ofImages, image, mirror);
  return buildModel(
    { probabilities },
    {
      graphName: 'packmule segmentation network',
      metadata: {
        [METADATA_KEY]: JSON.stringify(plan),
        classes: JSON.stringify(plan.classes),
        inputSize: `${height} x ${width} px (height x width)`,
        normalisation: `(value - ${plan.intensity.mean}) / ${plan.intensity.deviation}, inside the model; feed values in [0, 1]`,
        head: plan.head,
      },
    },
  );
}

/** What feeding a network and reading its output depend on. */
const planSchema = z.object({
  head: z.enum(['exclusive', 'overlapping']),
  inputSize: z.object({ height: z.int().positive(), width: z.int().positive() }),
  intensity: z.object({ mean: z.number(), deviation: z.number() }),
  classes: z.array(z.string()),
});

/** The plan stored in a model. @throws CheckpointError where the model is not one of Packmule's. */
export function planOfModel(model: OnnxModel, path: string): NetworkPlan {
  const text = model.metadata[METADATA_KEY];
  if (text === undefined) {
    throw new CheckpointError({
      seen: `${path} has no ${METADATA_KEY} in its metadata`,
      need: 'A network that Packmule trained and exported',
      fix: 'Give the model.onnx of a run directory',
    });
  }
  try {
    const plan: unknown = JSON.parse(text);
    planSchema.parse(plan);
    return plan as NetworkPlan;
  } catch (cause) {
    throw new CheckpointError(
      {
        seen: `${path} has a ${METADATA_KEY} that does not describe a network`,
        need: 'A network that Packmule trained and exported',
        fix: 'Copy it again, or delete it and start the run again, which then trains it anew',
      },
      { cause },
    );
  }
}
