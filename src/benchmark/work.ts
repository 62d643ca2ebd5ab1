/**
 * @file The works of which the methods of a benchmark are made, as plain data: a network, its masks of some images,
 * those masks refined. A work holds all that its result depends on, the works that it is made from included, so that
 * its hash is its address: what two methods have in common has one address, and is done once.
 */
import type { FoalPlan } from '../adapt/plan.ts';
import type { CloseUpPlan } from '../closeup/plan.ts';
import type { SplitName } from '../dataset/types.ts';
import type { PlannedHead } from '../frozen/plan.ts';
import type { PlannedNnUnet } from '../nnunet/plan.ts';
import type { SelectionSettings } from '../pipeline/network-masks.ts';
import type { StageName } from '../pipeline/observer.ts';
import { stageKey } from '../pipeline/stage.ts';
import type { RefineSettings } from '../refine/settings.ts';
import type { TrainingPlan } from '../training/plan.ts';

/** What the trainings of all sorts of networks have in common. */
interface Trained {
  readonly kind: 'network';
  /** Part of the cell's budget that it has. */
  readonly share: number;
  readonly seed: number;
  /** The labelled images that it learns from: the first so many. */
  readonly labelled: Images;
  /** Masks of the unlabelled images that it learns from as if they were true. */
  readonly pseudo?: Masks;
  /** Which of them: those of images on which refined and predicted masks agree so far, in Dice. All unless set. */
  readonly agreement?: number;
  /** What of the machine shows in the last bits. */
  readonly compute: Readonly<Record<string, unknown>>;
}

export interface UNet extends Trained {
  readonly sort?: undefined;
  readonly planned: Pick<TrainingPlan, 'plan' | 'settings' | 'minutes'>;
  /** The unlabelled images, where it learns from them without masks. */
  readonly unlabelled?: Images;
  /** The network whose weights it begins with; random ones unless set. */
  readonly start?: UNet;
}

/** A head on what a promptable model's encoder says. */
export interface FrozenHead extends Trained {
  readonly sort: 'head';
  readonly planned: PlannedHead;
  readonly model: AskedModel;
}

/** The networks of a plan that a data set's fingerprint made, as one. */
export interface NnUnet extends Trained {
  readonly sort: 'nnunet';
  readonly planned: PlannedNnUnet;
}

export type Network = UNet | FrozenHead | NnUnet;

/** What redraws masks close up; it masks no image by itself. */
export interface CloseUp extends Trained {
  readonly sort: 'close-up';
  readonly planned: CloseUpPlan;
}

/** Foal after it has learnt from the labelled images; it masks no image by itself. */
export interface AdaptedFoal extends Trained {
  readonly sort: 'foal';
  readonly planned: FoalPlan;
  readonly model: AskedModel;
}

/** The masks of a network, as it draws them and after component selection. */
export interface Prediction {
  readonly kind: 'prediction';
  readonly network: Network;
  readonly split: SplitName;
  readonly images: Images;
  readonly selection: SelectionSettings;
  /** The labelled images whose atlas settles what is selected, where one does. */
  readonly atlas?: Images;
}

/** The selected masks of a network, refined. */
export interface Refinement {
  readonly kind: 'refinement';
  readonly prediction: Prediction;
  readonly settings: RefineSettings;
  /** The promptable model, where the refiner has one. */
  readonly model?: AskedModel;
  /** The network that redraws close up, where the refiner has one. */
  readonly closeUp?: CloseUp;
  /** What the model has become by learning, where it does. */
  readonly adapted?: AdaptedFoal;
}

export type Masks = Prediction | Refinement;
export type Training = Network | CloseUp | AdaptedFoal;
export type Work = Training | Masks;

/** What a work is, for people. */
export const WORK_TITLES: Readonly<Record<Work['kind'], string>> = {
  network: 'training a network',
  prediction: 'predicting masks',
  refinement: 'refining masks',
};

/** A promptable model: which, and what stands for the content of its file. */
export interface AskedModel {
  readonly role: ModelRole;
  readonly key: string;
}

/** Which promptable model: our own small one, one like the original, or MedSAM, which the paper compares with. */
export type ModelRole = 'foal' | 'sam' | 'medsam';

/** Some images of a split: how many, and the hash of all that a work sees of them. */
export interface Images {
  readonly count: number;
  readonly fingerprint: string;
}

const keys = new WeakMap<Work, string>();

/** The address of a work's result: the hash of all that it depends on. */
export function keyOf(work: Work): string {
  const known = keys.get(work);
  if (known !== undefined) return known;
  const key = stageKey(work.kind satisfies StageName, withKeys(work));
  keys.set(work, key);
  return key;
}

/** The keys of the works that one is made from stand for them. */
function withKeys(work: Work): unknown {
  switch (work.kind) {
    case 'network': {
      const start = startOf(work);
      return {
        ...work,
        ...(work.pseudo && { pseudo: keyOf(work.pseudo) }),
        ...(start && { start: keyOf(start) }),
      };
    }
    case 'prediction':
      return { ...work, network: keyOf(work.network) };
    case 'refinement': {
      const closeUp = work.closeUp && keyOf(work.closeUp);
      const adapted = work.adapted && keyOf(work.adapted);
      return {
        ...work,
        prediction: keyOf(work.prediction),
        ...(closeUp && { closeUp }),
        ...(adapted && { adapted }),
      };
    }
  }
}

export const startOf = (work: Training): UNet | undefined =>
  work.sort === undefined ? work.start : undefined;

/** The works that one is made from. */
export function sourcesOf(work: Work): readonly Work[] {
  switch (work.kind) {
    case 'network':
      return [work.pseudo, startOf(work)].filter((source) => source !== undefined);
    case 'prediction':
      return [work.network];
    case 'refinement':
      return [work.prediction, work.closeUp, work.adapted].filter((source) => source !== undefined);
  }
}

/** All works that some need, by key, each after those that it is made from. */
export function inOrder(works: readonly Work[]): ReadonlyMap<string, Work> {
  const found = new Map<string, Work>();
  const visit = (work: Work): void => {
    const key = keyOf(work);
    if (found.has(key)) return;
    sourcesOf(work).forEach(visit);
    found.set(key, work);
  };
  works.forEach(visit);
  return found;
}

/** The split whose images a work's masks are of. */
export function splitOf(masks: Masks): SplitName {
  return masks.kind === 'prediction' ? masks.split : masks.prediction.split;
}

/** Works of one sort take equally long for each image, or for each minute that was planned. */
export function workSort(work: Work): string {
  switch (work.kind) {
    case 'network':
      return work.kind;
    case 'prediction':
      return `${work.kind} ${work.network.sort ?? ''}`;
    case 'refinement':
      return `${work.kind} ${work.settings.refiner} ${work.model?.key ?? ''}`;
  }
}
