/**
 * @file Checks SAM, MobileSAM and SAM-HQ against the original implementations: preprocessing, embedding, prompts,
 * logits, predicted IoU and masks, from every .pth of a folder and from Hugging Face's files where they are.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { BoxXyxy } from '../../src/base/geometry.ts';
import { buildModel } from '../../src/graph/build.ts';
import { input } from '../../src/graph/tensor.ts';
import { readImage } from '../../src/imaging/read.ts';
import { constantSource } from '../../src/nn/parameters.ts';
import { scoped } from '../../src/nn/scope.ts';
import { openSession } from '../../src/runtime/session.ts';
import { loadSamCheckpoint, type SamCheckpoint } from '../../src/sam/checkpoint.ts';
import { imageEncoder } from '../../src/sam/image-encoder.ts';
import { SamPredictor } from '../../src/sam/predictor.ts';
import { normalizeForSam, resizeForSam, toInputBox, toInputPoint } from '../../src/sam/preprocess.ts';
import { imagePositions, pointTokens, promptTokens } from '../../src/sam/prompt-encoder.ts';
import type { MaskPrediction, MaskPrompt } from '../../src/sam/promptable.ts';
import type { NdArray } from '../../src/tensor/array.ts';
import { readSafetensors } from '../../src/tensor/safetensors.ts';
import { type GoldenRow, relativeError } from './row.ts';

const TOLERANCE = 1e-3;
const MASK_TOLERANCE = 1e-3;

const pair = z.tuple([z.number(), z.number()]);
const casesSchema = z.object({
  original_size: pair,
  input_size: pair,
  cases: z.record(
    z.string(),
    z.object({
      points: z.array(pair).nullable(),
      labels: z.array(z.number()).nullable(),
      box: z.tuple([z.number(), z.number(), z.number(), z.number()]).nullable(),
      mask_input: z.union([z.boolean(), z.string()]).nullable(),
      multimask: z.boolean(),
    }),
  ),
});
type Case = z.infer<typeof casesSchema>['cases'][string];
type Expected = ReadonlyMap<string, NdArray>;

/** One row per quantity and weights file; `dir` is laid out as the reference's sam-tiny. */
export async function goldenSam(dir: string): Promise<GoldenRow[]> {
  const names = await readdir(dir);
  const sources: (readonly [label: string, path: string])[] = names
    .filter((name) => name.endsWith('.pth'))
    .map((name) => ['pth', join(dir, name)]);
  if (sources.length === 0 || names.includes('model.safetensors')) sources.push(['safetensors', dir]);
  const rows: GoldenRow[] = [];
  for (const [label, path] of sources) {
    const found = await checkCheckpoint(dir, await loadSamCheckpoint(path));
    rows.push(...found.map((row) => ({ ...row, quantity: `${label}: ${row.quantity}` })));
  }
  return rows;
}

async function checkCheckpoint(dir: string, checkpoint: SamCheckpoint): Promise<GoldenRow[]> {
  const expected: Expected = await readSafetensors(join(dir, 'expected.safetensors'));
  const { cases } = casesSchema.parse(JSON.parse(await readFile(join(dir, 'cases.json'), 'utf8')));
  const image = await readImage(join(dir, 'image.png'));
  const { config } = checkpoint;
  const { imageSize, gridSize } = config;
  const rows: GoldenRow[] = [];

  const resized = resizeForSam(image, imageSize);
  rows.push(exactRow('resized_u8', resized.data, expected.get('resized_u8')!));
  const pixels = normalizeForSam(resized, imageSize);
  rows.push(closeRow('pixels', pixels.data, expected.get('pixels')!));
  const tokens = pointTokens(config, checkpoint.weights);
  rows.push(closeRow('image_pe', imagePositions(tokens, gridSize).data, expected.get('image_pe')!));

  const predictor = new SamPredictor(checkpoint, { threads: 2 });
  try {
    const features = await predictor.embed(pixels);
    for (const [name, { data }] of Object.entries(features)) {
      rows.push(closeRow(name, data, expected.get(name)!));
    }
    if (config.highQuality) {
      rows.push(closeRow('early', await earlyFeatures(checkpoint, pixels), expected.get('early')!));
    }
    const encoded = await predictor.encode(image, 'golden');
    for (const [name, one] of Object.entries(cases)) {
      const points = (one.points ?? []).map((xy, i) => ({ xy, positive: one.labels?.[i] === 1 }));
      const box: BoxXyxy | undefined = one.box ?? undefined;
      const sparse = promptTokens(
        tokens,
        imageSize,
        points.map(({ xy, positive }) => ({ xy: toInputPoint(xy, image, resized), positive })),
        box && toInputBox(box, image, resized),
      );
      rows.push(closeRow(`${name}.sparse`, sparse.data, expected.get(`${name}.sparse`)!));
      const prompt: MaskPrompt = { points, ...(box && { box }), ...maskInput(name, one, expected) };
      const [predictions] = await predictor.decode(encoded, [prompt], { multimask: one.multimask });
      const all = predictions!.length === expected.get(`${name}.iou`)!.data.length;
      rows.push(...predictionRows(name, all ? predictions! : [bestOf(predictions!)], expected));
    }
  } finally {
    await predictor.close();
  }
  return rows;
}

/** What SAM-HQ sees of the encoder's early stages. */
async function earlyFeatures({ config, weights }: SamCheckpoint, pixels: NdArray): Promise<Float32Array> {
  const source = scoped(constantSource(weights), 'image_encoder.');
  const { early } = imageEncoder(config, source, input('pixels', pixels.shape));
  const session = await openSession(buildModel({ early: early! }));
  const outputs = await session.run({ pixels });
  await session.close();
  return outputs.early!.data as Float32Array;
}

/** The original SAM-HQ returns one of several masks, that of the highest predicted IoU. */
function bestOf(predictions: readonly MaskPrediction[]): MaskPrediction {
  return predictions.reduce((best, one) => (one.predictedIou > best.predictedIou ? one : best));
}

function maskInput(name: string, { mask_input }: Case, expected: Expected): { lowResLogits?: Float32Array } {
  const array = expected.get(`${name}.mask_input`);
  return mask_input && array ? { lowResLogits: array.data as Float32Array } : {};
}

function predictionRows(
  name: string,
  predictions: readonly MaskPrediction[],
  expected: Expected,
): GoldenRow[] {
  const logits = predictions.flatMap(({ lowResLogits }) => [...lowResLogits]);
  const iou = predictions.map(({ predictedIou }) => predictedIou);
  const masks = expected.get(`${name}.mask`)!;
  const ours = predictions.flatMap(({ mask }) => [...mask.data]);
  const different = ours.filter((value, i) => value !== Number(masks.data[i])).length / masks.data.length;
  return [
    closeRow(`${name}.low_res`, logits, expected.get(`${name}.low_res`)!),
    closeRow(`${name}.iou`, iou, expected.get(`${name}.iou`)!),
    {
      quantity: `${name}.mask (share of pixels that differ)`,
      seen: different,
      tolerance: MASK_TOLERANCE,
      ok: different <= MASK_TOLERANCE && ours.length === masks.data.length,
    },
  ];
}

function closeRow(quantity: string, ours: ArrayLike<number>, reference: NdArray): GoldenRow {
  const seen = relativeError(ours, reference.data as Float32Array);
  return { quantity, seen, tolerance: TOLERANCE, ok: seen <= TOLERANCE };
}

/** The reference keeps three equal channels per pixel. */
function exactRow(quantity: string, ours: Uint8Array | Uint16Array, reference: NdArray): GoldenRow {
  const bytes = reference.data as Uint8Array;
  const same = bytes.every((value, i) => value === ours[Math.floor(i / 3)]);
  const ok = same && bytes.length === 3 * ours.length;
  return { quantity, seen: ok ? 'equal' : 'different', tolerance: 'equal', ok };
}
