/** @file What the review server and its page say to each other, as JSON under the page's own address. */
import { z } from 'zod';
import type { BoxXyxy, PointXy } from '../base/geometry.ts';
import type { LabelsState } from '../label/protocol.ts';
import type { Evidence } from '../refine/evidence.ts';
import { type ReviewStatus, VERDICTS } from './decision.ts';

/** Masks of one image come from these; `truth` is there for measured images alone. */
export const LAYERS = ['refined', 'initial', 'final', 'truth'] as const;
export type Layer = (typeof LAYERS)[number];

/** The stages of a run that find masks, the one that is reviewed first. */
export const STAGES = ['refined', 'final', 'initial'] as const;
export type Stage = (typeof STAGES)[number];

/** What trust was learnt from, or why it was not. */
export type Calibration =
  | {
      readonly masks: number;
      readonly images: number;
      /** Mean distance of trust from the true Dice, [0, 1]; absent where nobody measured it. */
      readonly error?: number;
    }
  | { readonly none: string };

/** GET room: everything but pixels and masks. */
export interface RoomState {
  /** Name of the run, or of the folder whose images are labelled. */
  readonly run: string;
  readonly classes: readonly string[];
  readonly images: readonly ReviewImage[];
  /** One per class of an image that a stage has found or somebody decided about. */
  readonly items: readonly ReviewItem[];
  readonly smartEdit: SmartEditState;
  /** A part of the addresses of thumbnails: another one each time that the room is opened. */
  readonly edition: string;
  readonly calibration: Calibration;
  /** Who the decisions of this server are by. */
  readonly reviewer: string;
  /** Drawings of a review that nobody has decided about yet. */
  readonly drafts?: readonly DraftRequest[];
  /** Where images are labelled from nothing: there is no run, and classes and their colours may change. */
  readonly labels?: LabelsState;
}

/** Whether a promptable model is there, and what to do where it is not. */
export type SmartEditState = { readonly model: string } | { readonly missing: string };

export interface ReviewImage {
  readonly id: string;
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** Decisions are for the unlabelled images; the others have a truth to look at. */
  readonly split: 'unlabelled' | 'val' | 'test';
}

export interface ReviewItem {
  readonly image: string;
  readonly classIndex: number;
  /** The stages that found a mask. */
  readonly stages: readonly Stage[];
  /** Expected Dice of the refined mask, [0, 1]; absent where there is none, or a person made it. */
  readonly trust?: number;
  readonly status: ReviewStatus;
  /** Number of the decision that counts, 0 for none. */
  readonly revision: number;
  readonly by?: string;
  /** ISO time of the decision. */
  readonly time?: string;
}

/** GET images/ID/masks. */
export interface ImageMasks {
  readonly layers: Readonly<Partial<Record<Layer, readonly LayerMask[]>>>;
  /** The masks of the decisions that count. */
  readonly decided: readonly LayerMask[];
}

export interface LayerMask {
  readonly classIndex: number;
  /** Runs in COCO's string form. */
  readonly counts: string;
  readonly score?: number;
  readonly trust?: number;
  readonly evidence?: Evidence;
  readonly prompts?: Prompts;
}

/** By what a promptable refiner asked for a mask. */
export interface Prompts {
  readonly box?: BoxXyxy;
  readonly positive: readonly PointXy[];
  readonly negative: readonly PointXy[];
}

/** POST decisions. */
export const decisionRequestSchema = z.strictObject({
  image: z.string(),
  classIndex: z.int().min(0),
  verdict: z.enum(VERDICTS),
  /** With `corrected`: the true mask in COCO's string form. */
  counts: z.string().optional(),
  /** The item's revision that the reviewer has seen. */
  basedOn: z.int().min(0),
});
export type DecisionRequest = z.input<typeof decisionRequestSchema>;

/** The answer: the item as it now is; with status 409 as somebody else left it. */
export interface DecisionAnswer {
  readonly item: ReviewItem;
}

/** POST drafts: keeps what is drawn of a class, or, without a mask, forgets it. */
export const draftRequestSchema = z.strictObject({
  image: z.string(),
  classIndex: z.int().min(0),
  /** The mask in COCO's string form. */
  counts: z.string().optional(),
});
export type DraftRequest = z.input<typeof draftRequestSchema>;

const coordinate = z.number().min(-1e6).max(1e6);

/** POST images/ID/segment. Coordinates in px of the image. */
export const segmentRequestSchema = z
  .strictObject({
    box: z.tuple([coordinate, coordinate, coordinate, coordinate]).optional(),
    points: z
      .array(z.strictObject({ xy: z.tuple([coordinate, coordinate]), positive: z.boolean() }))
      .max(100)
      .default([]),
  })
  .refine(({ box, points }) => box !== undefined || points.length > 0, 'a box or a point is needed');
export type SegmentRequest = z.input<typeof segmentRequestSchema>;

export interface SegmentAnswer {
  readonly counts: string;
  /** The model's own estimate, about [0, 1]. */
  readonly predictedIou: number;
}

/** What GET events tells: somebody decided; classes, done images or suggestions changed. */
export type RoomEvent =
  | { readonly event: 'item'; readonly data: ReviewItem }
  | { readonly event: 'labels'; readonly data: LabelsState };

/** The body of every answer that is an error. */
export interface Refusal {
  readonly error: { readonly seen: string; readonly need: string; readonly fix: string };
}
