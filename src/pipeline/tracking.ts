/** @file What a run tells TensorBoard and MLflow, where its settings say so. */
import { PACKMULE_VERSION } from '../base/version.ts';
import { casesOf } from '../dataset/types.ts';
import { mlflowTarget } from '../track/mlflow.ts';
import { tensorboardTarget } from '../track/tensorboard.ts';
import { openTracker, type Tracker } from '../track/tracker.ts';
import type { PreparedRun } from './prepare.ts';
import type { RunContext } from './stage.ts';
import type { RunEvaluation } from './stages/evaluate.ts';

export function trackerOf({ run, observer }: RunContext, prepared: PreparedRun): Tracker {
  const { tensorboard, mlflow } = prepared.config.log;
  const { uri, experiment } = mlflow;
  const targets = [
    ...(tensorboard ? [tensorboardTarget(run.path('tensorboard'))] : []),
    ...(uri !== undefined
      ? [
          mlflowTarget({
            uri,
            experiment,
            runName: prepared.config.name,
            params: paramsOf(prepared),
            memory: run.path('mlflow.json'),
          }),
        ]
      : []),
  ];
  return openTracker(targets, (text) => observer.note(text));
}

/** What the run is about. */
function paramsOf({ config, checked: { dataset }, plans, compute }: PreparedRun): Record<string, string> {
  const facts = {
    packmule: PACKMULE_VERSION,
    preset: config.preset,
    refiner: config.refine.refiner,
    seed: config.seed,
    device: compute.device ?? 'cpu',
    classes: dataset.classes.length,
    labelled: casesOf(dataset, 'labelled').length,
    unlabelled: casesOf(dataset, 'unlabelled').length,
    'initial.epochs': plans.initial.settings.epochs,
    'final.epochs': plans.final.settings.epochs,
  };
  return Object.fromEntries(Object.entries(facts).map(([key, value]) => [key, String(value)]));
}

/** `dice/test/final` and its like; figures that there are none of are left out. */
export function figuresOf({ results }: RunEvaluation): Record<string, number> {
  const figures = results.flatMap(({ split, stage, evaluation: { overall } }) =>
    (['dice', 'iou'] as const).flatMap((measure) => {
      const { mean } = overall[measure].present;
      return mean === null ? [] : [[`${measure}/${split}/${stage}`, mean] as const];
    }),
  );
  return Object.fromEntries(figures);
}
