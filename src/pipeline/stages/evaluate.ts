/** @file Scoring the masks of all stages, of networks and refined, against the ground truth of val and test. */
import type { AnnotationSet } from '../../annotations/types.ts';
import { writeFileAtomic } from '../../base/files.ts';
import type { Size } from '../../base/geometry.ts';
import { type Case, casesOf, type Dataset, type SplitName } from '../../dataset/types.ts';
import { type EvaluateOptions, evaluateSet } from '../../evaluate/summary.ts';
import { resizeMaskNearest } from '../../imaging/resample.ts';
import { decodeRle, encodeRle } from '../../masks/rle.ts';
import type { Stage, StageResult } from '../../report/data.ts';
import { judgedMasks } from '../../trust/judge.ts';
import { type Reliability, reliabilityOf } from '../../trust/reliability.ts';
import type { RunConfig } from '../config.ts';
import { readMaskSet, truthSet } from '../mask-sets.ts';
import { readResult } from '../read-result.ts';
import type { MaskFolder, RunDirectory } from '../run-directory.ts';
import { type RunContext, runStage, type StageOutcome } from '../stage.ts';

/** What evaluation.json holds. */
export interface RunEvaluation {
  /** At the images' own resolution; val before test, each in the order in which masks are made: initial, refined, final, final refined. */
  readonly results: readonly StageResult[];
  /** How trust in the refined masks compares with their Dice, val before test. */
  readonly trust: readonly TrustResult[];
  /** The same masks, resampled to the input of the network, and its size. */
  readonly atNetworkResolution?: { readonly size: Size; readonly results: readonly StageResult[] };
}

export interface TrustResult {
  readonly split: SplitName;
  readonly reliability: Reliability;
}

export interface EvaluateStageOptions {
  readonly dataset: Dataset;
  /** Mask folders that this run has, by the stage they are of. */
  readonly masks: Readonly<Partial<Record<Stage, MaskFolder>>>;
  readonly settings: RunConfig['evaluation'];
  readonly networkSize: Size;
  /** Keys of the stages that made the masks, and the fingerprint of the ground truth. */
  readonly inputs: unknown;
}

/** val before test: the last one is the headline. */
const HELD_OUT: readonly SplitName[] = ['val', 'test'];

/** Writes evaluation.json. */
export async function evaluateStage(
  context: RunContext,
  options: EvaluateStageOptions,
): Promise<StageOutcome> {
  const { dataset, settings, networkSize } = options;
  const { run, observer, signal } = context;
  return runStage(context, {
    name: 'evaluate',
    title: 'Evaluating',
    inputs: { settings, sources: options.inputs },
    owns: ['evaluation.json'],
    outputs: [run.evaluation],
    seals: [run.evaluation],
    work: async () => {
      const results: StageResult[] = [];
      const coarse: StageResult[] = [];
      const trust: TrustResult[] = [];
      const splits = HELD_OUT.filter((split) => casesOf(dataset, split).length > 0);
      const surface = settings.surface && {
        surface: surfaceOf(splits.flatMap((split) => casesOf(dataset, split))),
      };
      const stages = Object.entries(options.masks) as [Stage, MaskFolder][];
      const total = splits.length * stages.length;
      for (const split of splits) {
        const truth = truthSet(dataset, split);
        for (const [stage, folder] of stages) {
          signal?.throwIfAborted();
          const found = await readMaskSet(run, folder, split, dataset);
          const method = { resamples: settings.resamples };
          results.push({ split, stage, evaluation: evaluateSet(truth, found, { ...method, ...surface }) });
          if (stage === 'refined')
            trust.push({ split, reliability: reliabilityOf(judgedMasks(truth, found)) });
          if (settings.networkResolution) {
            const [a, b] = [resampleSet(truth, networkSize), resampleSet(found, networkSize)];
            const inPixels = settings.surface && { surface: {} };
            coarse.push({ split, stage, evaluation: evaluateSet(a, b, { ...method, ...inPixels }) });
          }
          observer.progress(results.length / total, `${split}, ${stage}`);
        }
      }
      const evaluation: RunEvaluation = {
        results,
        trust,
        ...(settings.networkResolution && { atNetworkResolution: { size: networkSize, results: coarse } }),
      };
      await writeFileAtomic(run.evaluation, `${JSON.stringify(evaluation)}\n`);
    },
  });
}

/** Distances in mm where every image tells that of its pixels, else in px: means of both together are none. */
function surfaceOf(cases: readonly Case[]): NonNullable<EvaluateOptions['surface']> {
  const spacings = new Map(cases.map(({ name, spacingMm }) => [name, spacingMm]));
  if ([...spacings.values()].includes(undefined)) return {};
  return { spacingMm: (name) => spacings.get(name)! };
}

/** @throws RunError when the run has not been evaluated. */
export function readEvaluation(run: RunDirectory): Promise<RunEvaluation> {
  return readResult(
    run.evaluation,
    'The figures of a finished evaluation',
    'Delete the file and run `packmule evaluate`',
  );
}

/** All masks at another size, by nearest pixel. */
function resampleSet({ classes, images }: AnnotationSet, size: Size): AnnotationSet {
  return {
    classes,
    images: images.map((image) => ({
      ...image,
      ...size,
      structures: image.structures.map((structure) => ({
        ...structure,
        rle: encodeRle(resizeMaskNearest(decodeRle(structure.rle), size)),
      })),
    })),
  };
}
