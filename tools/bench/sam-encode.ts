/** @file Time and memory of Segment Anything's image encoder at 1024 x 1024, with random weights. */
import { createRng } from '../../src/base/rng.ts';
import type { Device } from '../../src/runtime/device.ts';
import { type Precision, SamPredictor } from '../../src/sam/predictor.ts';
import { float32 } from '../../src/tensor/array.ts';
import { peakRssGb } from './figures.ts';
import { randomSam, type SamSize } from './sam-models.ts';

export interface SamBenchOptions {
  readonly model: SamSize;
  readonly precision: Precision;
  readonly threads: number;
  readonly device: Device;
  readonly repeats: number;
}

/**
 * Encodes random pixels a few times: `ms` an image, the fastest as in sam_vit_torch.py, and the peak memory of the whole
 * process.
 */
export async function benchSamEncode(options: SamBenchOptions): Promise<{ ms: number; peak_rss_gb: number }> {
  const { model, precision, threads, device, repeats } = options;
  const checkpoint = randomSam(model);
  const predictor = new SamPredictor(checkpoint, { threads, device, precision });
  const rng = createRng(1);
  const { imageSize } = checkpoint.config;
  const pixels = Float32Array.from({ length: 3 * imageSize * imageSize }, () => rng.between(-2, 2));
  const input = float32([1, 3, imageSize, imageSize], pixels);
  // Opens the session and lets ONNX Runtime plan its memory.
  await predictor.embed(input);
  const times: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    await predictor.embed(input);
    times.push(performance.now() - start);
  }
  await predictor.close();
  return { ms: Math.round(Math.min(...times)), peak_rss_gb: peakRssGb() };
}
