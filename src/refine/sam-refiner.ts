/**
 * @file Refinement by a promptable model: each pass prompts with the box, the seeds or the logits of the pass
 * before; as described, a box first, then positive and negative points with those logits. Disturbed prompts are
 * asked the first pass only, and every pass where their answers vote. The last pass asks for the other candidates too,
 * because how far they agree says how clear the prompt was.
 */
import { createRng } from '../base/rng.ts';
import type { Image } from '../imaging/image.ts';
import { type Mask, maskArea } from '../masks/mask.ts';
import { diceFromIou, maskAgreement } from '../masks/overlap.ts';
import type {
  DecodeOptions,
  EncodedImage,
  MaskPrediction,
  MaskPrompt,
  PromptableModel,
  PromptPoint,
} from '../sam/promptable.ts';
import { disturbPrompt, levelIou, majority, meanAgreement } from './ensemble.ts';
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
  'refiner' | 'morphology' | 'seed' | 'negatives' | 'passes' | 'candidates' | 'ensemble'
>;

/** A refiner over a model that stays the caller's: closing the refiner leaves the model as it is. */
export function createSamRefiner(settings: SamRefinerSettings, model: PromptableModel): Refiner {
  return {
    name: settings.refiner,
    refine: (image, initial, context) => refineByPrompts(image, initial, context, settings, model),
    async close() {},
  };
}

/** Disturbed prompts per mask, unless the settings say. */
const DEFAULT_JITTERS = 3;
/** SAM's stability score compares the masks at these logits. */
const LOGIT_OFFSET = 1;

/** A class whose prompt the model is asked about. */
interface Prompted {
  readonly prepared: PreparedMask;
  readonly prompt: ClassPrompt;
}

/** The chosen candidate of one pass. */
interface Answer extends MaskPrediction {
  /** Mean Dice with the candidates that were not chosen, where they were asked for. */
  readonly candidateAgreement: number | undefined;
}

/** What is needed to ask about one image. */
interface Asking {
  readonly encoded: EncodedImage;
  readonly context: RefineContext;
  readonly settings: SamRefinerSettings;
  readonly model: PromptableModel;
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
  const results = new Map<PreparedMask, RefinedMask>();
  if (prompted.length > 0) {
    const asking = { encoded: await model.encode(image, context.imageKey), context, settings, model };
    const passes = await runPasses(asking, prompted, settings.passes, settings.passes.at(-1));
    const members = await askDisturbed(asking, prompted);
    for (const [k, item] of prompted.entries()) {
      const own = passes.map((pass) => pass[k]!);
      const others = members.map((pass) => pass[k]!);
      results.set(item.prepared, conclude(item, own, others, asking));
    }
  }
  return prepared.map(
    (item) =>
      results.get(item) ??
      keepInitial(item.initial, settings.refiner, NO_PROMPT_REASONS[item.noPrompt ?? 'empty'], {
        model: model.name,
      }),
  );
}

const NO_PROMPT_REASONS = {
  empty: 'no prompt: the mask from which it is taken is empty',
  covered: 'no prompt: other classes cover this one wholly, no pixel is its own to be a seed',
};

/**
 * The answers of each pass, one per class; all classes of a pass are decoded together. Where the single mask is taken, the
 * candidates that it is compared with are asked for in the pass `compared` alone.
 */
async function runPasses(
  { encoded, context, settings, model }: Asking,
  prompted: readonly Prompted[],
  passes: readonly PassSettings[],
  compared?: PassSettings,
): Promise<Answer[][]> {
  const answers: Answer[][] = [];
  for (const pass of passes) {
    context.signal?.throwIfAborted();
    const before = answers.at(-1);
    const prompts = prompted.map(({ prepared, prompt }, k) =>
      buildPrompt(prompt, pass, before?.[k]?.lowResLogits, prepared.initial.mask),
    );
    const candidates = await model.decode(encoded, prompts, askedFor(settings, pass === compared));
    answers.push(
      candidates.map((list, k) => choose(list, prompted[k]!.prepared.initial.mask, settings.candidates)),
    );
  }
  return answers;
}

function askedFor({ candidates }: SamRefinerSettings, isCompared: boolean): DecodeOptions {
  if (candidates !== 'single') return { multimask: true };
  return isCompared ? { multimask: true, withSingle: true } : { multimask: false };
}

/** The last answers to each disturbed set of prompts, one per class. The image's hash is their seed. */
async function askDisturbed(asking: Asking, prompted: readonly Prompted[]): Promise<Answer[][]> {
  const { encoded, context, settings } = asking;
  const { jitters = DEFAULT_JITTERS, spread } = settings.ensemble;
  const rng = createRng(0).child(context.imageKey);
  const members: Answer[][] = [];
  for (let member = 0; member < jitters; member++) {
    const disturbed = prompted.map(({ prepared, prompt }) => ({
      prepared,
      prompt: disturbPrompt(prompt, spread, encoded.size, rng),
    }));
    members.push((await runPasses(asking, disturbed, memberPasses(settings))).at(-1)!);
  }
  return members;
}

function memberPasses({ passes, ensemble }: SamRefinerSettings): readonly PassSettings[] {
  return ensemble.vote ? passes : passes.slice(0, 1);
}

/** What a pass asks of a class. @param logits what the pass before answered, where there was one */
export function buildPrompt(
  prompt: ClassPrompt,
  pass: PassSettings,
  logits: Float32Array | undefined,
  initial: Mask,
): MaskPrompt {
  const points: PromptPoint[] = [];
  if (pass.points !== 'none' && prompt.positive) points.push({ xy: prompt.positive, positive: true });
  if (pass.points === 'all') points.push(...prompt.negatives.map((xy) => ({ xy, positive: false })));
  return {
    ...(pass.box && { box: prompt.box }),
    ...(points.length > 0 && { points }),
    ...(pass.mask && (logits === undefined ? { mask: initial } : { lowResLogits: logits })),
  };
}

/** The single mask, which comes first, or by `rule` one of the candidates; the first on a tie. */
function choose(
  candidates: readonly MaskPrediction[],
  initial: Mask,
  rule: SamRefinerSettings['candidates'],
): Answer {
  const best = rule === 'single' ? candidates[0]! : bestOf(candidates, initial, rule);
  const others = candidates.filter((candidate) => candidate !== best).map(({ mask }) => mask);
  return { ...best, candidateAgreement: meanAgreement(best.mask, others) };
}

/** The candidate of the highest predicted IoU, or the one closest to the initial mask. */
function bestOf(
  candidates: readonly MaskPrediction[],
  initial: Mask,
  rule: 'best-of-three' | 'closest-of-three',
): MaskPrediction {
  const worth = ({ predictedIou, mask }: MaskPrediction): number =>
    rule === 'closest-of-three' ? maskAgreement(initial, mask) : predictedIou;
  const scores = candidates.map(worth);
  return candidates[scores.indexOf(Math.max(...scores))]!;
}

function conclude(
  { prepared, prompt }: Prompted,
  answers: readonly Answer[],
  members: readonly Answer[],
  { settings, model }: Asking,
): RefinedMask {
  const { initial } = prepared;
  const last = answers.at(-1)!;
  const details = {
    model: model.name,
    prompt: { ...prompt },
    passes: settings.passes.map((pass, k) => ({ ...pass, predictedIou: answers[k]!.predictedIou })),
  };
  if (maskArea(last.mask) === 0)
    return keepInitial(initial, settings.refiner, 'the model answered with an empty mask', details);
  const others = members.map(({ mask }) => mask);
  const voted = settings.ensemble.vote && others.length > 0 ? majority([last.mask, ...others]) : last.mask;
  const mask = maskArea(voted) > 0 ? voted : last.mask;
  const agreement = maskAgreement(initial.mask, mask);
  // Answers are compared with the one that the undisturbed prompt gave in the same pass.
  const stability = meanAgreement(answers[memberPasses(settings).length - 1]!.mask, others);
  const thresholdStability = levelIou(last.lowResLogits, -LOGIT_OFFSET, LOGIT_OFFSET);
  // The predicted IoU is a regression and may leave [0, 1].
  const predictedIou = Math.min(1, Math.max(0, last.predictedIou));
  const provenance: MaskProvenance = {
    ...details,
    refiner: settings.refiner,
    predictedIou: last.predictedIou,
    agreement,
  };
  return {
    classIndex: initial.classIndex,
    mask,
    score: diceFromIou(predictedIou),
    evidence: {
      agreement,
      predictedIou,
      ...(stability !== undefined && { stability }),
      ...(thresholdStability !== undefined && { thresholdStability }),
      ...(last.candidateAgreement !== undefined && { candidateAgreement: last.candidateAgreement }),
    },
    provenance,
  };
}
