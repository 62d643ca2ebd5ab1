/** @file Decisions of a review: what a person said about the mask of one class in one image. */
import { z } from 'zod';

/**
 * accepted: the mask is right as it is. corrected: this other mask is right. rejected: nothing of the class is to be
 * seen. skipped: somebody else, or later. withdrawn: an earlier decision is taken back.
 */
export const VERDICTS = ['accepted', 'corrected', 'rejected', 'skipped', 'withdrawn'] as const;

export type Verdict = (typeof VERDICTS)[number];

/** How an item stands: its last verdict, `pending` where there is none or it was withdrawn. */
export type ReviewStatus = 'pending' | Exclude<Verdict, 'withdrawn'>;

/** Which mask a decision is about. The class goes by its name, so that a reordered class list changes nothing. */
export interface ReviewTarget {
  /** Id of the case: the file name of the image without its extension. */
  readonly image: string;
  readonly className: string;
}

/** Whether a decision says what the true mask is. */
export function hasMask(verdict: Verdict): boolean {
  return verdict === 'accepted' || verdict === 'corrected';
}

const decisionShape = z.strictObject({
  /** 1 for the first decision of a journal, and so on. */
  number: z.int().min(1),
  image: z.string(),
  className: z.string(),
  verdict: z.enum(VERDICTS),
  /** The true mask in COCO's string form: of accepted and corrected. */
  counts: z.string().optional(),
  by: z.string(),
  /** ISO time. */
  time: z.string(),
});

export const decisionSchema = decisionShape.refine(
  ({ verdict, counts }) => hasMask(verdict) === (counts !== undefined),
  'a mask belongs to the verdicts accepted and corrected, and to no other',
);

/** One line of the journal. */
export type Decision = Readonly<z.infer<typeof decisionSchema>>;

export type DecisionDraft = Omit<Decision, 'number' | 'time'>;

/** A text that is the same for equal targets and different for others. */
export function targetKey({ image, className }: ReviewTarget): string {
  return JSON.stringify([image, className]);
}

export function statusOf(decision: Decision | undefined): ReviewStatus {
  return decision === undefined || decision.verdict === 'withdrawn' ? 'pending' : decision.verdict;
}

/** Whether a decision says what is true. */
export function isFinal(status: ReviewStatus): boolean {
  return status !== 'pending' && status !== 'skipped';
}
