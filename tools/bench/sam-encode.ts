/** @file Time and memory of Segment Anything's image encoder at 1024 x 1024, with random weights. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '../../src/base/rng.ts';
import { type Precision, SamPredictor } from '../../src/sam/predictor.ts';
import { type ImageFeatures, openEmbeddingStore } from '../../src/sam/store.ts';
import { float32 } from '../../src/tensor/array.ts';
import { peakRssGb } from './figures.ts';
import { randomSam, type SamSize } from './sam-models.ts';

export interface SamBenchOptions {
  readonly model: SamSize;
  readonly precision: Precision;
  readonly threads: number;
  readonly repeats: number;
}

const READS = 50;

/**
 * Encodes random pixels a few times: `ms` an image, the fastest as in sam_vit_torch.py, and the peak memory of the whole
 * process; then what a stored embedding takes to be read, the median and the slowest of READS.
 */
export async function benchSamEncode(options: SamBenchOptions): Promise<Readonly<Record<string, number>>> {
  const { model, precision, threads, repeats } = options;
  const checkpoint = randomSam(model);
  const predictor = new SamPredictor(checkpoint, { threads, precision });
  const rng = createRng(1);
  const { imageSize } = checkpoint.config;
  const pixels = Float32Array.from({ length: 3 * imageSize * imageSize }, () => rng.between(-2, 2));
  const input = float32([1, 3, imageSize, imageSize], pixels);
  // Opens the session and lets ONNX Runtime plan its memory.
  const features = await predictor.embed(input);
  const times: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    await predictor.embed(input);
    times.push(performance.now() - start);
  }
  await predictor.close();
  return { ms: Math.round(Math.min(...times)), peak_rss_gb: peakRssGb(), ...(await benchReading(features)) };
}

async function benchReading(features: ImageFeatures): Promise<{ read_ms: number; slowest_read_ms: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'packmule-embedding-'));
  try {
    const store = openEmbeddingStore(folder);
    await store.put('model', 'image', features);
    const times: number[] = [];
    for (let i = 0; i < READS; i++) {
      const start = performance.now();
      await store.get('model', 'image');
      times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    const rounded = (ms: number): number => Number(ms.toFixed(2));
    return { read_ms: rounded(times[READS / 2]!), slowest_read_ms: rounded(times.at(-1)!) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
