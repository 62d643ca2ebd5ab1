/** @file A run as training would leave it, in no time: its masks are the true ones, spoilt by known amounts. */
import { join } from 'node:path';
import { coco } from '../../src/annotations/coco.ts';
import type { AnnotatedImage, AnnotationSet, Structure } from '../../src/annotations/types.ts';
import { writeFileAtomic } from '../../src/base/files.ts';
import type { Size } from '../../src/base/geometry.ts';
import { createRng, type Rng } from '../../src/base/rng.ts';
import { writePhantomDataset } from '../../src/dataset/phantom/write.ts';
import { emptyMask, type Mask, maskArea } from '../../src/masks/mask.ts';
import { dilate, erode } from '../../src/masks/morphology.ts';
import { maskAgreement } from '../../src/masks/overlap.ts';
import { decodeRle, encodeRle } from '../../src/masks/rle.ts';
import { resolveConfig } from '../../src/pipeline/load-config.ts';
import { type RunDirectory, runDirectory } from '../../src/pipeline/run-directory.ts';
import { TINY_SETTINGS } from '../pipeline/tiny.ts';

export interface FinishedRunOptions {
  readonly size?: Size;
  readonly classes?: number;
  readonly unlabelled?: number;
  readonly labelled?: number;
  readonly bits?: 8 | 16;
  /** Further settings of the run. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** Writes data and run into `folder`: folder/data, folder/runs/tiny. */
export async function writeFinishedRun(
  folder: string,
  options: FinishedRunOptions = {},
): Promise<RunDirectory> {
  const { size = { height: 64, width: 64 }, classes = 3, unlabelled = 3, labelled = 4, bits = 8 } = options;
  const data = join(folder, 'data');
  const counts = { labelled, val: 1, test: 1, unlabelled };
  await writePhantomDataset(data, { seed: 3, classes, size, counts, bits });
  const run = runDirectory(join(folder, 'runs', 'tiny'));
  const settings = { ...TINY_SETTINGS, ...options.settings };
  const config = resolveConfig({ name: 'tiny', data: { root: data }, ...settings }, '/', {});
  await writeFileAtomic(run.config, JSON.stringify({ config }));
  await writeFileAtomic(run.log, '');
  await writeFileAtomic(
    run.trust,
    JSON.stringify({
      model: { calibrated: true, intercept: 0, features: [] },
      pairs: 120,
      images: 12,
      heldOut: { calibrationError: 0.034, spearman: 0.63, count: 120, bins: [] },
    }),
  );
  for (const split of ['unlabelled', 'val', 'test'] as const) {
    const truth = await coco.read(
      join(data, split === 'unlabelled' ? 'unlabelled-truth.json' : join(split, 'annotations.json')),
    );
    const rng = createRng(5).child(split);
    const refined = spoilt(truth, rng);
    await coco.write!(run.masks('refined', split), refined);
    await coco.write!(
      run.masks('predicted', split),
      changed(refined, (mask) => dilate(mask, 'square', 2)),
    );
    await coco.write!(
      run.masks('final', split),
      changed(truth, (mask) => erode(mask, 'square', 1)),
    );
  }
  return run;
}

function changed(set: AnnotationSet, change: (mask: Mask) => Mask): AnnotationSet {
  const one = ({ classIndex, rle, score }: Structure): Structure[] => {
    const mask = change(decodeRle(rle));
    const shown = maskArea(mask) > 0;
    return shown ? [{ classIndex, rle: encodeRle(mask), ...(score !== undefined && { score }) }] : [];
  };
  return {
    ...set,
    images: set.images.map((image) => ({ ...image, structures: image.structures.flatMap(one) })),
  };
}

/** Every mask moved by up to a fifth of the image's height; its trust is its true Dice. */
function spoilt(truth: AnnotationSet, rng: Rng): AnnotationSet {
  const image = ({ structures, ...about }: AnnotatedImage): AnnotatedImage => ({
    ...about,
    structures: structures.map(({ classIndex, rle }) => {
      const mask = decodeRle(rle);
      const reach = (about.height / 5) * rng.uniform() ** 3;
      const moved = shifted(mask, Math.round(reach), Math.round(reach / 2));
      const dice = maskAgreement(mask, moved);
      const evidence = {
        agreement: Math.min(1, dice + 0.05),
        stability: dice,
        confidence: 0.4 + dice / 2,
        imageConfidence: 0.8,
        overlap: 0.05,
        frequency: 1,
        areaDeviation: 0.3,
        placeDeviation: 4 * (1 - dice),
      };
      return {
        classIndex,
        rle: encodeRle(moved),
        score: 0.9,
        trust: Math.round(dice * 1000) / 1000,
        provenance: { refiner: 'random-walker', evidence },
      };
    }),
  });
  return { ...truth, images: truth.images.map(image) };
}

function shifted(mask: Mask, down: number, right: number): Mask {
  const out = emptyMask(mask);
  const { height, width } = mask;
  for (let y = down; y < height; y++) {
    for (let x = right; x < width; x++) out.data[y * width + x] = mask.data[(y - down) * width + x - right]!;
  }
  return maskArea(out) > 0 ? out : mask;
}
