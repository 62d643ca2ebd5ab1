/** @file A whole run: checked data in; two networks, masks for every unlabelled image, figures and a report out. */
import { PACKMULE_VERSION } from '../base/version.ts';
import { casesOf } from '../dataset/types.ts';
import type { FittedTrust } from '../trust/model.ts';
import type { RunConfig } from './config.ts';
import { type Course, STEPS, setOut } from './course.ts';
import { type InRunOptions, inRun } from './in-run.ts';
import type { StageName } from './observer.ts';
import type { PreparedRun, Truth } from './prepare.ts';
import { logEvent, type RunDirectory } from './run-directory.ts';
import type { RunContext, StageOutcome } from './stage.ts';
import { type AdaptResult, readAdaptation, requireLearning } from './stages/adapt.ts';
import { type RunEvaluation, readEvaluation } from './stages/evaluate.ts';
import { readTrust } from './stages/trust.ts';
import { figuresOf, trackerOf } from './tracking.ts';

/** The stages after which a run can stop. */
export type LastStage = 'initial' | 'predict' | 'closeUp' | 'trust' | 'final' | 'evaluate' | 'report';

export interface RunOptions extends InRunOptions {
  /** The last stage to be done; earlier ones are done where they are not done yet. Default: all. */
  readonly until?: LastStage;
}

export interface RunOutcome {
  readonly run: RunDirectory;
  readonly stages: readonly StageOutcome[];
  /** Where Foal was adapted, or found to be as good as it is. */
  readonly adaptation?: AdaptResult;
  /** Where the run went as far as trust. */
  readonly trust?: FittedTrust;
  /** Where the run went as far as evaluation. */
  readonly evaluation?: RunEvaluation;
  /** What was left out or needs care, sentences. */
  readonly warnings: readonly string[];
}

/**
 * Does a run, or the rest of one: finished stages whose inputs and settings are the same are skipped. It blocks the thread
 * for each training step and each image (see Session.run), and is done in a process of its own where others wait.
 * @throws PackmuleError for bad data, settings, checkpoints, a run directory in use, a full disk.
 */
export async function runPipeline(config: RunConfig, options: RunOptions): Promise<RunOutcome> {
  const { until = 'report', shard } = options;
  return inRun(config, options, async (context, prepared, truth) => {
    const { run } = context;
    if (shard === undefined) {
      await logEvent(run, { event: 'run started', packmule: PACKMULE_VERSION, until });
    }
    if (until === 'closeUp') requireLearning(prepared);
    const warnings = warningsOf(prepared);
    const stages = await doTracked(context, prepared, (tracked) =>
      doSteps(setOut(tracked, prepared, warnings), truth, until),
    );
    const did = (stage: StageName): boolean => stages.some(({ name }) => name === stage);
    return {
      run,
      stages,
      warnings,
      ...(did('adapt') && { adaptation: await readAdaptation(run) }),
      ...(did('trust') && { trust: await readTrust(run) }),
      ...(did('evaluate') && { evaluation: await readEvaluation(run) }),
    };
  });
}

/** Tells the programs of the settings how it goes; a shard leaves that to the call that puts the parts together. */
async function doTracked(
  context: RunContext,
  prepared: PreparedRun,
  work: (context: RunContext) => Promise<StageOutcome[]>,
): Promise<StageOutcome[]> {
  if (context.shard !== undefined) return work(context);
  const tracker = trackerOf(context, prepared);
  try {
    const stages = await work({ ...context, tracker });
    if (stages.some(({ name }) => name === 'evaluate')) {
      tracker.figures(figuresOf(await readEvaluation(context.run)));
    }
    await tracker.end('finished');
    return stages;
  } catch (error) {
    await tracker.end(context.signal?.aborted ? 'stopped' : 'failed');
    throw error;
  }
}

/** Does the steps that the run has, one after the other, as far as the last one; a shard ends with its part of one. */
async function doSteps(course: Course, truth: Truth, until: LastStage): Promise<StageOutcome[]> {
  const last = STEPS.findIndex(({ name }) => name === until);
  const isShard = course.context.shard !== undefined;
  const outcomes: StageOutcome[] = [];
  for (const [i, step] of STEPS.slice(0, last + 1).entries()) {
    if (!step.belongs(course) || (isShard && step.isAside?.(course))) continue;
    const later = STEPS.slice(i + 1).map(({ name }) => name);
    const outcome = await step.work({ ...course, context: { ...course.context, later } }, truth);
    course.keys.set(step.name, outcome.key);
    outcomes.push(outcome);
    if (outcome.part !== undefined) break;
  }
  return outcomes;
}

function warningsOf({ checked }: PreparedRun): string[] {
  const remarks = [
    ...checked.problems.map(({ publicMessage }) => `Left out: ${publicMessage}.`),
    ...checked.doubts.map(({ publicMessage }) => `${publicMessage}.`),
  ];
  const alone = casesOf(checked.dataset, 'unlabelled').length === 0;
  return alone ? [...remarks, 'There are no unlabelled images, so no final network is trained.'] : remarks;
}
