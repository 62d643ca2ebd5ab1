/** @file What the server asks of a room: images, masks and decisions about them, of a run or of a folder. */
import type { Structure } from '../annotations/types.ts';
import type { Case } from '../dataset/types.ts';
import type { ClassChange, LabelsState } from '../label/protocol.ts';
import type { Decision } from '../review/decision.ts';
import type { ImageMasks, ReviewItem, RoomState } from '../review/protocol.ts';

/** A decision of a reviewer before it is saved. */
export interface DecisionWish {
  readonly image: string;
  readonly classIndex: number;
  readonly verdict: Decision['verdict'];
  readonly counts?: string | undefined;
  readonly basedOn: number;
}

export interface Room {
  /** Everything but pixels, masks and the model. */
  state(): Omit<RoomState, 'smartEdit' | 'edition'>;
  classes(): readonly string[];
  /** @throws NotFound for an unknown id. */
  caseOf(image: string): Case;
  /** @throws NotFound for an unknown id. */
  masksOf(image: string): ImageMasks;
  /**
   * The mask that now stands for a class, `classIndex` being the number of its colour: the decided one, else the one
   * that was found; undefined where there is none.
   */
  standing(image: string, classIndex: number): Pick<Structure, 'classIndex' | 'rle'> | undefined;
  /**
   * Saves a decision unless somebody decided in between.
   * @throws NotFound for an unknown image or class, Unusable for a mask that does not fit or is missing.
   */
  decide(wish: DecisionWish): Promise<{ readonly saved: boolean; readonly item: ReviewItem }>;
  close(): Promise<void>;
}

/** What is drawn of a class and not decided; without a mask: nothing any more. */
export interface DraftWish {
  readonly image: string;
  readonly classIndex: number;
  readonly counts?: string | undefined;
}

/** A room in which the masks of a run are decided about. */
export interface ReviewRoom extends Room {
  /**
   * Keeps a drawing until it is decided about.
   * @throws NotFound for an unknown image or class, PackmuleError for a mask that does not fit.
   */
  keepDraft(wish: DraftWish): Promise<void>;
}

/** A room in which images are labelled from nothing. */
export interface LabelRoom extends Room {
  labels(): LabelsState;
  changeClasses(change: ClassChange): Promise<void>;
  /**
   * Says that an image is done, or not, and returns the items that this changed: what only the annotation file held of an
   * image that is not done any more. @throws NotFound for an unknown id.
   */
  finish(image: string, done: boolean): Promise<readonly ReviewItem[]>;
}
