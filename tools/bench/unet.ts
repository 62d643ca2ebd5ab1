/** @file Benchmarks of the U-Net: a training step and inference, beside shared bench/unet_torch.py. */
import { createRng } from '../../src/base/rng.ts';
import { buildModel } from '../../src/graph/build.ts';
import { input } from '../../src/graph/tensor.ts';
import { constantSource, initializeWeights, listParameters } from '../../src/nn/parameters.ts';
import { type UNetConfig, unet } from '../../src/nn/unet.ts';
import { bceWithLogits } from '../../src/optim/losses.ts';
import { adamW } from '../../src/optim/optimizers.ts';
import { packWeights } from '../../src/optim/parameter-vector.ts';
import type { Device } from '../../src/runtime/device.ts';
import { computeOf, openSession } from '../../src/runtime/session.ts';
import { elementCount, type Float32NdArray, float32 } from '../../src/tensor/array.ts';
import { buildTrainingStep, openStepRunner } from '../../src/training/step.ts';

export interface UNetBenchOptions {
  readonly base: number;
  readonly batch: number;
  /** Height and width in px. */
  readonly size: readonly [number, number];
  readonly classes: number;
  readonly threads: number;
  readonly device: Device;
  readonly repeats: number;
}

export interface UNetBenchResult {
  readonly ms_per_image: number;
  readonly peak_rss_mb: number;
  readonly parameters: number;
}

/** A whole training step: forward, loss, gradient and AdamW. */
export async function benchUnetStep(options: UNetBenchOptions): Promise<UNetBenchResult> {
  const { x, y, config } = batchOf(options);
  const step = buildTrainingStep(
    (source) => ({
      loss: bceWithLogits(unet(config, source, input('x', x.shape)), input('y', y.shape)),
    }),
    { optimizer: adamW() },
  );
  const weights = initializeWeights(step.specs, createRng(42));
  const runner = await openStepRunner(
    step,
    { parameters: packWeights(step.specs, weights) },
    computeOf(options),
  );
  let at = 0;
  const ms = await medianMs(options.repeats, async () => {
    await runner.run({ x, y }, 1e-3, ++at);
  });
  await runner.close();
  return result(
    ms,
    options.batch,
    step.specs.reduce((total, { shape }) => total + elementCount(shape), 0),
  );
}

/** Inference of the exported model: weights are constants. */
export async function benchUnetInfer(options: UNetBenchOptions): Promise<UNetBenchResult> {
  const { x, config } = batchOf(options);
  const specs = listParameters((source) => unet(config, source, input('x', x.shape)));
  const weights = initializeWeights(specs, createRng(42));
  const model = buildModel({ logits: unet(config, constantSource(weights), input('x', x.shape)) });
  const session = await openSession(model, computeOf(options));
  const into = await session.run({ x });
  const ms = await medianMs(options.repeats, async () => {
    await session.run({ x }, into);
  });
  await session.close();
  return result(
    ms,
    options.batch,
    specs.reduce((total, { shape }) => total + elementCount(shape), 0),
  );
}

function batchOf({ base, batch, size, classes }: UNetBenchOptions): {
  x: Float32NdArray;
  y: Float32NdArray;
  config: UNetConfig;
} {
  const rng = createRng(7);
  const filled = (shape: readonly number[], draw: () => number): Float32NdArray =>
    float32(shape, Float32Array.from({ length: elementCount(shape) }, draw));
  return {
    x: filled([batch, 1, ...size], () => rng.uniform()),
    y: filled([batch, classes, ...size], () => (rng.uniform() > 0.9 ? 1 : 0)),
    config: { inputChannels: 1, outputChannels: classes, base, levels: 5, coordinates: false },
  };
}

/** The median of all repeats but the first, as unet_torch.py takes it. */
async function medianMs(repeats: number, run: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  const counted = times.slice(1).sort((a, b) => a - b);
  return counted[counted.length >> 1]!;
}

function result(ms: number, batch: number, parameters: number): UNetBenchResult {
  return {
    ms_per_image: Math.round((ms / batch) * 100) / 100,
    peak_rss_mb: Math.round(process.resourceUsage().maxRSS / 1024),
    parameters,
  };
}
