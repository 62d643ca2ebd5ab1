/** @file Checks the engine against a U-Net of the original code: logits, loss, gradients and training steps. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CheckpointError } from '../../src/base/errors.ts';
import { input } from '../../src/graph/tensor.ts';
import { type UNetConfig, unet } from '../../src/nn/unet.ts';
import { bceWithLogits } from '../../src/optim/losses.ts';
import { adamW } from '../../src/optim/optimizers.ts';
import { packWeights, unpackWeights } from '../../src/optim/parameter-vector.ts';
import type { Float32NdArray } from '../../src/tensor/array.ts';
import { readSafetensors } from '../../src/tensor/safetensors.ts';
import { buildTrainingStep, openStepRunner } from '../../src/training/step.ts';
import type { GoldenRow } from './row.ts';

const configSchema = z.object({
  base_channels: z.number(),
  classes: z.number(),
  lr: z.number(),
  weight_decay: z.number(),
  betas: z.tuple([z.number(), z.number()]),
  eps: z.number(),
  steps: z.number(),
});

const TOLERANCE = 1e-3;

/** Runs all checks of a directory with config.json, weights.safetensors and expected.safetensors. */
export async function goldenUnet(dir: string): Promise<GoldenRow[]> {
  const config = configSchema.parse(JSON.parse(await readFile(join(dir, 'config.json'), 'utf8')));
  const original = await readSafetensors(join(dir, 'weights.safetensors'));
  const expected = await readSafetensors(join(dir, 'expected.safetensors'));
  const get = (name: string, from = expected): Float32NdArray => {
    const array = from.get(name);
    if (array?.dtype !== 'float32') {
      throw new CheckpointError({
        seen: `${dir} has no float32 tensor ${name}`,
        need: 'The tensors that unet-tiny has',
        fix: 'Check the names in the safetensors files',
      });
    }
    return array as Float32NdArray;
  };

  const [x, y, positiveWeight] = [get('x'), get('y'), get('pos_weight')];
  const model: UNetConfig = {
    inputChannels: x.shape[1]!,
    outputChannels: config.classes,
    base: config.base_channels,
    levels: 1 + [...original.keys()].filter((name) => /^up\d+\.up\.weight$/.test(name)).length,
    coordinates: false,
  };
  const step = buildTrainingStep(
    (source) => {
      const logits = unet(model, source, input('x', x.shape));
      const loss = bceWithLogits(logits, input('y', y.shape), input('pos_weight', positiveWeight.shape));
      return { loss, outputs: { logits } };
    },
    {
      optimizer: adamW({
        beta1: config.betas[0],
        beta2: config.betas[1],
        epsilon: config.eps,
        weightDecay: config.weight_decay,
      }),
      returnGradient: true,
    },
  );
  const nameOf = (name: string): string => originalName(name, model.levels);
  const weights = new Map(step.specs.map(({ name }) => [name, get(nameOf(name), original)]));
  const runner = await openStepRunner(step, { parameters: packWeights(step.specs, weights) });
  const batch = { x, y, pos_weight: positiveWeight };
  const expectedLosses = get('losses');

  const rows: GoldenRow[] = [];
  const losses: number[] = [];
  for (let at = 1; at <= config.steps; at++) {
    const { loss, outputs } = await runner.run(batch, config.lr, at);
    losses.push(loss);
    if (at > 1) continue;
    rows.push(compared('logits', outputs.logits!.data as Float32Array, get('logits').data));
    rows.push(compared('loss', Float32Array.of(loss), expectedLosses.data.subarray(0, 1)));
    const gradients = unpackWeights(step.specs, outputs.gradient as Float32NdArray);
    for (const [name, array] of gradients) {
      rows.push(compared(`gradient of ${name}`, array.data, get(`grad.${nameOf(name)}`).data));
    }
  }
  rows.push(compared(`losses of ${config.steps} steps`, Float32Array.from(losses), expectedLosses.data));
  for (const [name, array] of unpackWeights(step.specs, runner.vectors().parameters!)) {
    rows.push(
      compared(
        `${name} after ${config.steps} steps`,
        array.data,
        get(`after${config.steps}.${nameOf(name)}`).data,
      ),
    );
  }
  await runner.close();
  return rows;
}

/** The largest difference over the largest expected magnitude. */
function compared(quantity: string, seen: Float32Array, expected: Float32Array): GoldenRow {
  let difference = seen.length === expected.length ? 0 : Number.POSITIVE_INFINITY;
  let magnitude = 0;
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(seen[i]! - expected[i]!));
    magnitude = Math.max(magnitude, Math.abs(expected[i]!));
  }
  const error = difference / magnitude;
  return { quantity, seen: error, tolerance: TOLERANCE, ok: error <= TOLERANCE };
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
