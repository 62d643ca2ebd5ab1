/**
 * @file A cell of a benchmark: a method, a number of labelled images, a seed. It says which works give the masks by
 * which the method is measured; nothing is computed here.
 */
import { planFoal } from '../adapt/plan.ts';
import { planCloseUp } from '../closeup/plan.ts';
import type { Dataset, SplitName } from '../dataset/types.ts';
import { planHead } from '../frozen/plan.ts';
import { fingerprintOf } from '../nnunet/fingerprint.ts';
import { planNnUnet } from '../nnunet/plan.ts';
import type { RunConfig } from '../pipeline/config.ts';
import { settles, suitsAtlas } from '../pipeline/settling.ts';
import { looksClose, type RefineSettings, withoutCloseUps } from '../refine/settings.ts';
import { deviceKey } from '../runtime/device.ts';
import { CONSISTENCY } from '../training/consistency.ts';
import { canGoOnFrom } from '../training/network.ts';
import { mirrorOf, planMeanTeacher, planShare, planTraining, type TrainingPlan } from '../training/plan.ts';
import { trainingSchema } from '../training/settings.ts';
import { adaptsFoal, modelRole, type Refiner } from './refiners.ts';
import type { Lesson, Setup } from './setup.ts';
import type {
  AdaptedFoal,
  AskedModel,
  CloseUp,
  FrozenHead,
  Images,
  Masks,
  Network,
  NnUnet,
  Prediction,
  Refinement,
  UNet,
} from './work.ts';

export interface Cell {
  /** Number of labelled images, the first so many of the list. */
  readonly labelled: number;
  /** Number of all labelled images. */
  readonly all: number;
  /** The settings of refinement that the user has set. */
  readonly refine: RefineSettings;
  /** Whether an atlas suits the labelled images: a run sees it on held-out ones. */
  readonly suitsAtlas: boolean;
  /** What the user has set of the network that learns from refined masks. */
  readonly final: Pick<RunConfig['final'], 'samples' | 'start'>;
  /**
   * What each of so many networks of a method has of the budget, where masks are refined by these settings: a refiner
   * that learns has its part too.
   */
  share(networks: number, settings: RefineSettings): number;
  /** The settings without close-ups where the budget is too short for them and for a Foal that learns. */
  affordable(settings: RefineSettings): RefineSettings;
  network(options: NetworkOptions): UNet;
  /** A head on what the encoder of a promptable model says, that which such settings of refinement ask. */
  head(settings: RefineSettings): FrozenHead;
  /** What nnU-Net plans for the labelled images. */
  nnUnet(): NnUnet;
  predicted(network: Network, split: SplitName): Prediction;
  /** What a refiner, and the atlas where settings have one, make of the masks of a network. */
  refined(network: Network, split: SplitName, settings: RefineSettings): Refinement;
}

export interface NetworkOptions {
  /** Part of the cell's budget; those of all networks of a method add up to 1. */
  readonly share: number;
  /** The recipe: that of the settings; or with what these set of the final network alone, or the paper's to the letter. */
  readonly recipe?: Recipe;
  /** Labelled images to learn from; those of the cell unless set. */
  readonly labelled?: number;
  readonly pseudo?: Masks;
  /** Least agreement of an image's pseudo masks with what was predicted, in Dice. */
  readonly agreement?: number;
  /** Learns from unlabelled images by agreement with its own moving average, in this way. */
  readonly meanTeacher?: keyof typeof CONSISTENCY;
  /** The network whose weights it begins with; random ones unless set, and where that network is of another kind. */
  readonly start?: UNet;
}

type Recipe = 'final' | 'paper';

/** A row of the table. */
export interface Method {
  /** As in --methods and in the names of folders. */
  readonly name: string;
  /** As in tables. */
  readonly title: string;
  /** What it does: a sentence. */
  readonly about: string;
  /** The refiner that it uses, or whose model's encoder, if any: it tells which promptable model is needed. */
  readonly refiner?: Refiner;
  /** The masks by which it is measured. */
  masks(cell: Cell, split: SplitName): Masks;
}

/** What the cells of all methods with so many labels and such a seed are made of. */
export function openCell(setup: Setup, labelled: number, seed: number): Cell {
  const { config, compute, models, lessons, images } = setup;
  const all = images.labelled.count;
  const machine = { threads: compute.threads, ...deviceKey(compute.device) };
  const asked = (settings: RefineSettings): AskedModel | undefined => {
    const role = modelRole(settings);
    return role && { role, key: models[role]!.key };
  };
  /** What learns from the labelled images of the cell. */
  const learning = (share: number) =>
    ({
      kind: 'network',
      share,
      seed,
      labelled: lessons.get(labelled)!.images,
      compute: machine,
    }) as const;
  const minutesOf = (share: number): number => share * planned(setup, labelled).minutes;
  const closeUp = (share: number): CloseUp => ({
    ...learning(share),
    sort: 'close-up',
    planned: planCloseUp(minutesOf(share)),
  });
  const adaptedFoal = (model: AskedModel, share: number): AdaptedFoal => ({
    ...learning(share),
    sort: 'foal',
    planned: planFoal(minutesOf(share)),
    model,
  });
  const predicted = (network: Network, split: SplitName): Prediction => ({
    kind: 'prediction',
    network,
    split,
    images: images[split],
    selection: { selection: config.refine.selection, threshold: config.refine.threshold },
  });
  return {
    labelled,
    all,
    refine: config.refine,
    get suitsAtlas() {
      return isSuited(setup.checked.dataset, lessons.get(labelled)!);
    },
    final: config.final,
    share: (networks, settings) => {
      const parts = learners(settings);
      return (1 - parts.closeUp - parts.foal) / networks;
    },
    affordable: (settings) => {
      const { closeUp, foal } = learners(settings);
      return closeUp > 0 && foal > 0 && minutesOf(closeUp) < LEAST_MINUTES
        ? withoutCloseUps(settings)
        : settings;
    },
    network: ({ share, recipe, labelled: count = labelled, pseudo, agreement, meanTeacher, start }) => {
      const own = planShare(planned(setup, Math.max(labelled, count), recipe), share);
      const { plan, settings, minutes } = meanTeacher ? planMeanTeacher(own, CONSISTENCY[meanTeacher]) : own;
      return {
        kind: 'network',
        planned: { plan, settings, minutes },
        share,
        seed,
        labelled: lessons.get(count)?.images ?? NO_IMAGES,
        ...(pseudo && { pseudo }),
        ...(agreement !== undefined && { agreement }),
        ...(meanTeacher && { unlabelled: images.unlabelled }),
        ...(start && canGoOnFrom(start.planned.plan, plan) && { start }),
        compute: machine,
      };
    },
    head: (settings) => ({
      ...learning(1),
      sort: 'head',
      planned: planHead(planned(setup, labelled)),
      model: asked(settings)!,
    }),
    nnUnet: () => {
      const { cases } = lessons.get(labelled)!;
      const { classes, mirroredPairs } = setup.checked.dataset;
      const mirror = mirroredPairs && mirrorOf(classes.length, mirroredPairs);
      return {
        ...learning(1),
        sort: 'nnunet',
        planned: planNnUnet(planned(setup, labelled), fingerprintOf(cases), mirror),
      };
    },
    predicted,
    refined: (network, split, settings) => {
      const model = asked(settings);
      const parts = learners(settings);
      const isSettled = network.sort === undefined && settles(settings, network.planned.plan);
      return {
        kind: 'refinement',
        prediction: {
          ...predicted(network, split),
          ...(isSettled && { atlas: lessons.get(labelled)!.images }),
        },
        settings,
        ...(model && { model }),
        ...(parts.closeUp > 0 && { closeUp: closeUp(parts.closeUp) }),
        ...(model && parts.foal > 0 && { adapted: adaptedFoal(model, parts.foal) }),
      };
    },
  };
}

/** What a refiner learns in less is worth less than what the networks would learn meanwhile; see docs/benchmarks.md. */
const LEAST_MINUTES = 2;

/** What of the budget each refiner that learns has: one a third of what the networks have, two together a half. */
function learners(settings: RefineSettings): { readonly closeUp: number; readonly foal: number } {
  const [close, foal] = [looksClose(settings), adaptsFoal(settings)];
  const part = close && foal ? 1 / 6 : 1 / 4;
  return { closeUp: close ? part : 0, foal: foal ? part : 0 };
}

const suited = new WeakMap<Lesson, boolean>();

/** Whether an atlas suits the images of a lesson: found out, which takes seconds, once and only where a row asks. */
function isSuited(dataset: Dataset, lesson: Lesson): boolean {
  const known = suited.get(lesson) ?? suitsAtlas(dataset, lesson.cases);
  suited.set(lesson, known);
  return known;
}

const NO_IMAGES: Images = { count: 0, fingerprint: '' };

/** What of `final` is no recipe: with what it begins and learns, and the time, which the row gives it. */
const NO_RECIPE: ReadonlySet<string> = new Set<keyof RunConfig['final']>([
  'samples',
  'start',
  'epochs',
  'minutes',
  'patience',
  'validateEvery',
]);

/** The plan of one network that had the whole budget of a cell, from the figures of so many labelled images. */
function planned({ config, checked, lessons }: Setup, labelled: number, recipe?: Recipe): TrainingPlan {
  const { classes, mirroredPairs } = checked.dataset;
  const { statistics } = lessons.get(labelled)!;
  const plan = (settings: object): TrainingPlan =>
    planTraining(statistics, classes, trainingSchema.parse(settings), mirroredPairs);
  const usual = plan({ preset: config.preset, ...config.training });
  if (recipe === 'paper') return plan({ preset: recipe, minutes: usual.minutes });
  const own = Object.entries(config.final).filter(([name]) => !NO_RECIPE.has(name));
  if (recipe === undefined || own.length === 0) return usual;
  const final = plan({ preset: config.preset, ...config.training, ...Object.fromEntries(own) });
  return planShare(final, usual.minutes / final.minutes);
}
