/**
 * @file How good Foal's masks are from true boxes, beside the filled ellipse and the random walker on the same boxes,
 * and how quick it is. The radiographs it has never been trained on, nor on these images of nuclei.
 */
import { join } from 'node:path';
import { openDataset } from '../../src/dataset/dataset.ts';
import { instancesOfCases } from '../../src/dataset/instances/dataset.ts';
import {
  type InstanceCase,
  readInstanceCase,
  readInstanceFolder,
} from '../../src/dataset/instances/folder.ts';
import type { InstanceImage } from '../../src/dataset/instances/types.ts';
import { casesOf } from '../../src/dataset/types.ts';
import {
  type BoxMethod,
  filledEllipses,
  LEAST_AREA,
  partsOf,
  promptedBy,
  scoreMethods,
} from '../../src/foal/evaluate.ts';
import { createRefiner } from '../../src/refine/index.ts';
import { refineSettingsSchema } from '../../src/refine/settings.ts';
import { loadSamCheckpoint } from '../../src/sam/checkpoint.ts';
import { SamPredictor } from '../../src/sam/predictor.ts';
import type { PromptableModel } from '../../src/sam/promptable.ts';
import { median, peakRssGb } from './figures.ts';

export interface FoalBenchOptions {
  /** A model file. */
  readonly checkpoint: string;
  /** Folder of teeth/ and nuclei/. */
  readonly data: string;
  /** Of each set; all by default. */
  readonly images: number | undefined;
  readonly threads: number;
  readonly repeats: number;
}

/** A radiograph's prompts. */
const PROMPTS = 32;

export async function benchFoal(options: FoalBenchOptions): Promise<Record<string, number>> {
  const { checkpoint, data, images = Number.POSITIVE_INFINITY, threads, repeats } = options;
  const model = new SamPredictor(await loadSamCheckpoint(checkpoint), { threads });
  const teeth = await openDataset({ root: join(data, 'teeth') });
  const nuclei = partsOf(await readInstanceFolder(join(data, 'nuclei'))).heldOut;
  const sets = {
    teeth_val: instancesOfCases(casesOf(teeth, 'val').slice(0, images)),
    teeth_test: instancesOfCases(casesOf(teeth, 'test').slice(0, images)),
    nuclei: readEach(nuclei.slice(0, images)),
  };
  const figures: Record<string, number> = await timeFoal(model, repeats);
  figures.peak_rss_gb = peakRssGb();
  for (const [name, set] of Object.entries(sets)) {
    const methods = [promptedBy(model), filledEllipses, walk];
    const { objects, dice } = await scoreMethods(methods, set, { leastArea: LEAST_AREA });
    const [foal, ellipse, walker] = dice.map((value) => Number(value?.toFixed(4)));
    Object.assign(figures, {
      [`${name}_objects`]: objects,
      [name]: foal,
      [`${name}_ellipse`]: ellipse,
      [`${name}_walker`]: walker,
    });
  }
  await model.close();
  return figures;
}

async function* readEach(cases: readonly InstanceCase[]): AsyncGenerator<InstanceImage> {
  for (const item of cases) yield await readInstanceCase(item);
}

/** The random walker from the ellipses: what they surely hold and surely leave out are its seeds. */
const walk: BoxMethod = async (image, boxes) => {
  const refiner = createRefiner(refineSettingsSchema.parse({ refiner: 'random-walker' }));
  const ellipses = await filledEllipses(image, boxes);
  const initial = ellipses.map((mask, classIndex) => ({ classIndex, mask, score: 1 }));
  const context = { classes: boxes.map((_, i) => String(i)), imageKey: '' };
  const refined = await refiner.refine(image, initial, context);
  return refined.map(({ mask }) => mask);
};

/** Medians, with the masks at the size of a radiograph of 904 x 512 px. */
async function timeFoal(
  model: PromptableModel,
  repeats: number,
): Promise<{ encode_ms: number; decode_ms: number }> {
  const size = { height: 512, width: 904 };
  const data = Uint8Array.from({ length: size.height * size.width }, (_, i) => 127 + 100 * Math.sin(i / 700));
  const prompts = Array.from({ length: PROMPTS }, (_, k) => {
    const [x, y] = [30 + (k % 16) * 53, k < 16 ? 150 : 260];
    return { box: [x, y, x + 45, y + 100] as const };
  });
  const [encoding, decoding]: [number[], number[]] = [[], []];
  for (let i = 0; i <= repeats; i++) {
    const start = performance.now();
    const encoded = await model.encode({ ...size, bits: 8, data }, 'bench');
    const middle = performance.now();
    await model.decode(encoded, prompts, { multimask: false });
    // The first one opens the sessions.
    if (i === 0) continue;
    encoding.push(middle - start);
    decoding.push(performance.now() - middle);
  }
  return { encode_ms: Math.round(median(encoding)), decode_ms: Math.round(median(decoding)) };
}
