/** @file The network that looks at close-ups: what it is shown, its loss, its export. */
import { buildModel } from '../graph/build.ts';
import type { OnnxModel } from '../graph/onnx/model.ts';
import { sigmoid } from '../graph/ops/unary.ts';
import { input, type Tensor } from '../graph/tensor.ts';
import { constantSource, type Weights } from '../nn/parameters.ts';
import { type UNetConfig, unet } from '../nn/unet.ts';
import { asTarget, objectiveLoss } from '../training/objective.ts';
import type { LossBuilder } from '../training/step.ts';
import { LOOK_CELLS } from './look.ts';

/** Planes of a view: intensities of mean 0 and deviation 1, the rough mask, rough masks of others. */
export const VIEW_PLANES = 3;

export function closeUpArchitecture(base: number): UNetConfig {
  return { inputChannels: VIEW_PLANES, outputChannels: 1, base, levels: 4, coordinates: false };
}

const views = (batch: number): Tensor => input('views', [batch, VIEW_PLANES, LOOK_CELLS, LOOK_CELLS]);

/** Inputs `views` [batch, 3, 96, 96] and `target` [batch, 1, 96, 96], bytes of 0 and 1. */
export function closeUpLoss(architecture: UNetConfig, batch: number): LossBuilder {
  return (source) => {
    const target = asTarget(input('target', [batch, 1, LOOK_CELLS, LOOK_CELLS], 'uint8'));
    const logits = unet(architecture, source, views(batch));
    return { loss: objectiveLoss({ kind: 'entropy+dice' }, 'overlapping', logits, target) };
  };
}

/** The trained network: `views` [1, 3, 96, 96] in, `probability` [1, 1, 96, 96] out. */
export function exportCloseUp(architecture: UNetConfig, weights: Weights): OnnxModel {
  const logits = unet(architecture, constantSource(weights), views(1));
  return buildModel(
    { probability: sigmoid(logits) },
    { graphName: 'packmule close-up network', metadata: { architecture: JSON.stringify(architecture) } },
  );
}
