/**
 * @file Time of all prompts of an image, two passes as published: boxes, then each object's point with those of all
 * others as negatives and the logits of the first pass, with the candidates that a run compares. The masks of 904 x 512 px are included.
 */
import { createRng } from '../../src/base/rng.ts';
import { SamPredictor } from '../../src/sam/predictor.ts';
import type { EncodedImage, MaskPrediction } from '../../src/sam/promptable.ts';
import { median, peakRssGb } from './figures.ts';
import type { SamBenchOptions } from './sam-encode.ts';
import { randomSam } from './sam-models.ts';

const WIDTH = 904;
const HEIGHT = 512;
const PER_ROW = 16;

export async function benchSamDecode(
  options: SamBenchOptions & { readonly classes: number },
): Promise<{ first_ms: number; second_ms: number; ms: number; peak_rss_gb: number }> {
  const { model, precision, threads, device, repeats, classes } = options;
  const predictor = new SamPredictor(randomSam(model), { threads, device, precision });
  const rng = createRng(1);
  const pixels = Uint8Array.from({ length: WIDTH * HEIGHT }, () => Math.floor(rng.between(0, 256)));
  const encoded = await predictor.encode({ height: HEIGHT, width: WIDTH, bits: 8, data: pixels }, 'bench');
  await decodeTwice(predictor, encoded, classes);
  const times: [number, number][] = [];
  for (let i = 0; i < repeats; i++) times.push(await decodeTwice(predictor, encoded, classes));
  await predictor.close();
  return {
    first_ms: Math.round(median(times.map(([first]) => first))),
    second_ms: Math.round(median(times.map(([, second]) => second))),
    ms: Math.round(median(times.map(([first, second]) => first + second))),
    peak_rss_gb: peakRssGb(),
  };
}

/** Time of both passes in ms. */
async function decodeTwice(
  predictor: SamPredictor,
  encoded: EncodedImage,
  classes: number,
): Promise<[number, number]> {
  const centres = Array.from(
    { length: classes },
    (_, k) => [50 + (k % PER_ROW) * 50, 150 + Math.floor(k / PER_ROW) * 150] as const,
  );
  const start = performance.now();
  const first = await predictor.decode(
    encoded,
    centres.map(([x, y]) => ({ box: [x - 20, y - 50, x + 20, y + 50] })),
    { multimask: false },
  );
  lookAt(first);
  const middle = performance.now();
  const prompts = centres.map((xy, k) => ({
    points: [
      { xy, positive: true },
      ...centres.filter((_, other) => other !== k).map((other) => ({ xy: other, positive: false })),
    ],
    lowResLogits: first[k]![0]!.lowResLogits,
  }));
  lookAt(await predictor.decode(encoded, prompts, { multimask: true, withSingle: true }));
  return [middle - start, performance.now() - middle];
}

/** Masks are enlarged when they are first looked at. */
function lookAt(predictions: readonly (readonly MaskPrediction[])[]): number {
  return predictions.flat().reduce((sum, { mask }) => sum + mask.data[0]!, 0);
}
