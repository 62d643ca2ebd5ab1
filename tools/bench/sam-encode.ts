/** @file Time and memory of SAM's image encoder with random weights: `b` is ViT-B at 1024 x 1024. */
import { createRng } from '../../src/base/rng.ts';
import { initializeWeights, type Weights } from '../../src/nn/parameters.ts';
import { samParameters } from '../../src/sam/checkpoint.ts';
import { type SamConfig, samName } from '../../src/sam/config.ts';
import { SamPredictor } from '../../src/sam/predictor.ts';
import { float32 } from '../../src/tensor/array.ts';

export interface SamEncodeOptions {
  /** Size of the published model: `b` (default), `l` or `h`. */
  readonly size?: 'b' | 'l' | 'h';
  readonly threads?: number;
  /** Images encoded; the fastest counts. */
  readonly repeats?: number;
}

export interface SamEncodeResult {
  /** Of one image, the fastest of all. */
  readonly ms: number;
  /** Of the whole process, the making of the weights included. */
  readonly peak_rss_gb: number;
}

/** Width, depth, heads and global blocks of the published encoders. */
const SIZES = {
  b: { width: 768, depth: 12, heads: 12, global: [2, 5, 8, 11] },
  l: { width: 1024, depth: 24, heads: 16, global: [5, 11, 17, 23] },
  h: { width: 1280, depth: 32, heads: 16, global: [7, 15, 23, 31] },
} as const;

/** Encodes random pixels a few times. */
export async function benchSamEncode(options: SamEncodeOptions = {}): Promise<SamEncodeResult> {
  const { size = 'b', threads = 2, repeats = 3 } = options;
  const config = publishedConfig(size);
  const predictor = new SamPredictor(
    { name: samName(config), config, weights: randomWeights(config) },
    { threads },
  );
  const rng = createRng(1);
  const { imageSize } = config;
  const pixels = Float32Array.from({ length: 3 * imageSize * imageSize }, () => rng.between(-2, 2));
  const input = float32([1, 3, imageSize, imageSize], pixels);
  // Opens the session and lets ONNX Runtime plan its memory.
  await predictor.embed(input);
  let fastest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    await predictor.embed(input);
    fastest = Math.min(fastest, performance.now() - start);
  }
  await predictor.close();
  const kilobytes = process.resourceUsage().maxRSS;
  return { ms: Math.round(fastest), peak_rss_gb: Number((kilobytes / 1e6).toFixed(2)) };
}

function randomWeights(config: SamConfig): Weights {
  return initializeWeights(samParameters(config), createRng(0));
}

function publishedConfig(size: keyof typeof SIZES): SamConfig {
  const { width, depth, heads, global } = SIZES[size];
  const isGlobal = new Set<number>(global);
  return {
    imageSize: 1024,
    gridSize: 64,
    encoder: {
      kind: 'vit',
      patchSize: 16,
      width,
      heads,
      mlpWidth: 4 * width,
      windows: Array.from({ length: depth }, (_, i) => (isGlobal.has(i) ? 0 : 14)),
      relativePositions: true,
      layerNormEpsilon: 1e-6,
    },
    width: 256,
    maskChannels: [4, 16],
    transformer: { width: 256, depth: 2, heads: 8, mlpWidth: 2048, crossWidth: 128 },
    maskTokens: 4,
    iouHead: { depth: 3, width: 256 },
    highQuality: false,
  };
}
