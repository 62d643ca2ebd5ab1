/** @file How good a promptable model is with boxes that are right: mean Dice, beside the ellipse that fills the box. */
import type { BoxXyxy } from '../base/geometry.ts';
import type { InstanceImage } from '../dataset/instances/types.ts';
import { emptyMask, type Mask, maskArea, maskBox } from '../masks/mask.ts';
import { maskAgreement } from '../masks/overlap.ts';
import { type ComputeOptions, computeOf } from '../runtime/session.ts';
import type { SamCheckpoint } from '../sam/checkpoint.ts';
import { SamPredictor } from '../sam/predictor.ts';
import type { PromptableModel } from '../sam/promptable.ts';
import { imageKey } from '../sam/segment.ts';

export interface BoxScore {
  readonly images: number;
  readonly objects: number;
  /** Mean over all objects, in [0, 1]; null where there are none. */
  readonly dice: number | null;
  /** Of the ellipse that fills the same box. */
  readonly ellipseDice: number | null;
}

export interface ScoreOptions {
  /** Objects of fewer px are left out. */
  readonly leastArea: number;
  readonly onImage?: (done: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Objects that say nothing of a model, as a few px more or less decide about their Dice. */
export const LEAST_AREA = 30;

/** Asks the model for each object by its own tight box. */
export async function scoreBoxes(
  model: PromptableModel,
  images: Iterable<InstanceImage> | AsyncIterable<InstanceImage>,
  { leastArea, onImage, signal }: ScoreOptions,
): Promise<BoxScore> {
  let [count, objects, dice, ellipseDice] = [0, 0, 0, 0];
  for await (const { image, objects: masks } of images) {
    signal?.throwIfAborted();
    const large = masks.filter((mask) => maskArea(mask) >= leastArea);
    if (large.length > 0) {
      const boxes = large.map((mask) => maskBox(mask)!);
      const encoded = await model.encode(image, imageKey(image));
      const prompts = boxes.map((box) => ({ box }));
      const answers = await model.decode(encoded, prompts, { multimask: false });
      large.forEach((truth, i) => {
        dice += maskAgreement(truth, answers[i]![0]!.mask);
        ellipseDice += maskAgreement(truth, filledEllipse(truth, boxes[i]!));
      });
      objects += large.length;
    }
    count++;
    onImage?.(count);
  }
  const mean = (sum: number): number | null => (objects === 0 ? null : sum / objects);
  return { images: count, objects, dice: mean(dice), ellipseDice: mean(ellipseDice) };
}

/** Images that are measured and never trained on. */
export interface HeldOut {
  readonly name: string;
  readonly images: readonly InstanceImage[];
}

/** What is found out about a model, which is closed after it. */
export async function tryModel<T>(
  checkpoint: SamCheckpoint,
  compute: ComputeOptions,
  use: (model: PromptableModel) => Promise<T>,
): Promise<T> {
  const model = new SamPredictor(checkpoint, computeOf(compute));
  try {
    return await use(model);
  } finally {
    await model.close();
  }
}

/** Mean Dice from true boxes on each of them, by name. */
export async function scoreHeldOut(
  model: PromptableModel,
  heldOut: readonly HeldOut[],
): Promise<Record<string, number | null>> {
  const scores: Record<string, number | null> = {};
  for (const { name, images } of heldOut) {
    scores[name] = (await scoreBoxes(model, images, { leastArea: LEAST_AREA })).dice;
  }
  return scores;
}

/** The pixels whose centres lie in the ellipse that touches all sides of a box (pixel indices, inclusive). */
export function filledEllipse(size: Pick<Mask, 'height' | 'width'>, [x0, y0, x1, y1]: BoxXyxy): Mask {
  const mask = emptyMask(size);
  const [centreX, centreY] = [(x0 + x1) / 2, (y0 + y1) / 2];
  const [radiusX, radiusY] = [(x1 - x0 + 1) / 2, (y1 - y0 + 1) / 2];
  for (let y = y0; y <= y1; y++) {
    for (let x = x0; x <= x1; x++) {
      const isInside = ((x - centreX) / radiusX) ** 2 + ((y - centreY) / radiusY) ** 2 <= 1;
      if (isInside) mask.data[y * size.width + x] = 1;
    }
  }
  return mask;
}
