/**
 * @file Refinement by a promptable model: each pass prompts with the box, the seeds or the logits of the pass
 * before; as described, a box first, then positive and negative points with those logits.
 */
import type { Image } from '../imaging/image.ts';
import { maskArea } from '../masks/mask.ts';
import { diceFromIou, maskAgreement } from '../masks/overlap.ts';
import type {
  EncodedImage,
  MaskPrediction,
  MaskPrompt,
  PromptableModel,
  PromptPoint,
} from '../sam/promptable.ts';
import { type ClassPrompt, type PreparedMask, preparePrompts } from './prompts.ts';
import {
  checkInitialMasks,
  type InitialMask,
  keepInitial,
  type MaskProvenance,
  type RefineContext,
  type RefinedMask,
  type Refiner,
} from './refiner.ts';
import type { PassSettings, RefineSettings } from './settings.ts';

export type SamRefinerSettings = Pick<
  RefineSettings,
  'morphology' | 'seed' | 'negatives' | 'passes' | 'multimask'
>;

/** A refiner over a model that stays the caller's: closing the refiner leaves the model as it is. */
export function createSamRefiner(settings: SamRefinerSettings, model: PromptableModel): Refiner {
  return {
    name: 'sam',
    refine: (image, initial, context) => refineByPrompts(image, initial, context, settings, model),
    async close() {},
  };
}

/** A class whose prompt the model is asked about. */
interface Prompted {
  readonly prepared: PreparedMask;
  readonly prompt: ClassPrompt;
}

async function refineByPrompts(
  image: Image,
  initial: readonly InitialMask[],
  context: RefineContext,
  settings: SamRefinerSettings,
  model: PromptableModel,
): Promise<RefinedMask[]> {
  context.signal?.throwIfAborted();
  checkInitialMasks(image, initial, context.classes);
  const prepared = preparePrompts(initial, settings);
  const prompted = prepared.flatMap((item): Prompted[] =>
    item.prompt === undefined ? [] : [{ prepared: item, prompt: item.prompt }],
  );
  const passes =
    prompted.length === 0
      ? []
      : await runPasses(await model.encode(image, context.imageKey), prompted, context, settings, model);
  const results = new Map(
    prompted.map((item, k) => [
      item.prepared,
      conclude(
        item,
        passes.map((pass) => pass[k]!),
        settings,
        model,
      ),
    ]),
  );
  return prepared.map(
    (item) =>
      results.get(item) ??
      keepInitial(item.initial, 'sam', NO_PROMPT_REASONS[item.noPrompt ?? 'empty'], { model: model.name }),
  );
}

const NO_PROMPT_REASONS = {
  empty: 'no prompt: the mask from which it is taken is empty',
  covered: 'no prompt: other classes cover this one wholly, no pixel is its own',
};

/** Best prediction per pass and class; all classes of a pass are decoded together. */
async function runPasses(
  encoded: EncodedImage,
  prompted: readonly Prompted[],
  context: RefineContext,
  settings: SamRefinerSettings,
  model: PromptableModel,
): Promise<MaskPrediction[][]> {
  const passes: MaskPrediction[][] = [];
  for (const pass of settings.passes) {
    context.signal?.throwIfAborted();
    const before = passes.at(-1);
    const prompts = prompted.map(({ prompt }, k) => buildPrompt(prompt, pass, before?.[k]?.lowResLogits));
    const candidates = await model.decode(encoded, prompts, { multimask: settings.multimask });
    passes.push(candidates.map(bestCandidate));
  }
  return passes;
}

function buildPrompt(prompt: ClassPrompt, pass: PassSettings, logits: Float32Array | undefined): MaskPrompt {
  const points: PromptPoint[] = [];
  if (pass.points !== 'none') points.push({ xy: prompt.positive, positive: true });
  if (pass.points === 'all') points.push(...prompt.negatives.map((xy) => ({ xy, positive: false })));
  return {
    ...(pass.box && { box: prompt.box }),
    ...(points.length > 0 && { points }),
    ...(pass.mask && logits !== undefined && { lowResLogits: logits }),
  };
}

/** The candidate of the highest predicted IoU, the first on a tie. */
function bestCandidate(candidates: readonly MaskPrediction[]): MaskPrediction {
  return candidates.reduce((best, candidate) =>
    candidate.predictedIou > best.predictedIou ? candidate : best,
  );
}

function conclude(
  { prepared, prompt }: Prompted,
  predictions: readonly MaskPrediction[],
  settings: SamRefinerSettings,
  model: PromptableModel,
): RefinedMask {
  const { initial } = prepared;
  const last = predictions.at(-1)!;
  const details = {
    model: model.name,
    prompt: { ...prompt },
    passes: settings.passes.map((pass, k) => ({ ...pass, predictedIou: predictions[k]!.predictedIou })),
  };
  if (maskArea(last.mask) === 0)
    return keepInitial(initial, 'sam', 'the model answered with an empty mask', details);
  const provenance: MaskProvenance = {
    ...details,
    refiner: 'sam',
    predictedIou: last.predictedIou,
    agreement: maskAgreement(initial.mask, last.mask),
  };
  return {
    classIndex: initial.classIndex,
    mask: last.mask,
    // The predicted IoU is a regression and may leave [0, 1].
    score: diceFromIou(Math.min(1, Math.max(0, last.predictedIou))),
    provenance,
  };
}
