/** @file How good a promptable model is with boxes that are right: mean Dice, beside the ellipse that fills the box. */
import type { BoxXyxy } from '../base/geometry.ts';
import { holdOut, type InstanceCase } from '../dataset/instances/folder.ts';
import type { InstanceImage } from '../dataset/instances/types.ts';
import type { Image } from '../imaging/image.ts';
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

/** Masks of the objects in boxes (pixel indices, inclusive), in their order. */
export type BoxMethod = (image: Image, boxes: readonly BoxXyxy[]) => Promise<readonly Mask[]>;

/** Asks the model for each object by its own tight box. */
export async function scoreBoxes(
  model: PromptableModel,
  images: Iterable<InstanceImage> | AsyncIterable<InstanceImage>,
  options: ScoreOptions,
): Promise<BoxScore> {
  const { dice, ...counts } = await scoreMethods([promptedBy(model), filledEllipses], images, options);
  return { ...counts, dice: dice[0]!, ellipseDice: dice[1]! };
}

/** Mean Dice of several methods on the same boxes, in their order; null where there are no objects. */
export async function scoreMethods(
  methods: readonly BoxMethod[],
  images: Iterable<InstanceImage> | AsyncIterable<InstanceImage>,
  { leastArea, onImage, signal }: ScoreOptions,
): Promise<{ images: number; objects: number; dice: (number | null)[] }> {
  let [count, objects] = [0, 0];
  const sums = methods.map(() => 0);
  for await (const { image, objects: masks } of images) {
    signal?.throwIfAborted();
    const large = masks.filter((mask) => maskArea(mask) >= leastArea);
    const boxes = large.map((mask) => maskBox(mask)!);
    for (const [m, method] of methods.entries()) {
      const found = large.length === 0 ? [] : await method(image, boxes);
      large.forEach((truth, i) => {
        sums[m]! += maskAgreement(truth, found[i]!);
      });
    }
    objects += large.length;
    count++;
    onImage?.(count);
  }
  return { images: count, objects, dice: sums.map((sum) => (objects === 0 ? null : sum / objects)) };
}

/** The single mask that a model answers each box with. */
export function promptedBy(model: PromptableModel): BoxMethod {
  return async (image, boxes) => {
    const encoded = await model.encode(image, imageKey(image));
    const prompts = boxes.map((box) => ({ box }));
    const answers = await model.decode(encoded, prompts, { multimask: false });
    return answers.map(([answer]) => answer!.mask);
  };
}

export const filledEllipses: BoxMethod = async (image, boxes) =>
  boxes.map((box) => filledEllipse(image, box));

/** Share of a folder's images that is held out, and the seed by which: the same for every training. */
const HELD_OUT_SHARE = 0.2;
const HELD_OUT_SEED = 0;

/** The images of a folder that a training learns from, and those that it holds out. */
export function partsOf(cases: readonly InstanceCase[]): ReturnType<typeof holdOut<InstanceCase>> {
  return holdOut(cases, HELD_OUT_SHARE, HELD_OUT_SEED);
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
