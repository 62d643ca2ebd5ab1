/** @file What a benchmark tells TensorBoard and MLflow, where its settings say so: each cell is a run of theirs. */
import { PACKMULE_VERSION } from '../base/version.ts';
import type { RunConfig } from '../pipeline/config.ts';
import type { RunContext } from '../pipeline/stage.ts';
import { mlflowTarget } from '../track/mlflow.ts';
import { openQueue } from '../track/queue.ts';
import type { Target } from '../track/target.ts';
import { tensorboardTarget } from '../track/tensorboard.ts';
import { type CellName, type CellResult, cellFolder } from './evaluate.ts';
import { detectionRate } from './table.ts';

export interface CellTracker {
  /** A cell was measured. */
  cell(result: CellResult): void;
  /** Waits a moment for what was told. */
  end(): Promise<void>;
}

/** A program that has a run for each cell. */
interface Program {
  readonly name: string;
  /** What is told of the run of a cell. */
  readonly target: (cell: CellName) => Target;
}

export function trackCells({ run, observer }: RunContext, { log }: Pick<RunConfig, 'log'>): CellTracker {
  const { tensorboard, mlflow } = log;
  const { uri, experiment } = mlflow;
  const programs: Program[] = [
    ...(tensorboard
      ? [
          {
            name: 'TensorBoard',
            target: (cell: CellName) => tensorboardTarget(run.path('tensorboard', runName(cell))),
          },
        ]
      : []),
    ...(uri !== undefined
      ? [
          {
            name: `MLflow at ${uri}`,
            target: (cell: CellName) =>
              mlflowTarget({
                uri,
                experiment,
                runName: runName(cell),
                params: paramsOf(cell),
                memory: run.path(cellFolder(cell), 'mlflow.json'),
              }),
          },
        ]
      : []),
  ];
  const queue = openQueue(programs, (text) => observer.note(text));
  return {
    cell: (result) =>
      queue.tell(async (program) => {
        const target = program.target(result);
        await target.figures(figuresOf(result));
        await target.end('finished');
      }),
    end: () => queue.end(),
  };
}

/** `unet/10/1`. */
const runName = ({ method, labelled, seed }: CellName): string => `${method}/${labelled}/${seed}`;

function paramsOf({ method, labelled, seed }: CellName): Record<string, string> {
  return { packmule: PACKMULE_VERSION, method, labels: String(labelled), seed: String(seed) };
}

/** `dice/test` and its like; figures that there are none of are left out. */
function figuresOf({ results }: CellResult): Record<string, number> {
  const figures = results.flatMap(({ split, evaluation: { overall, surface, perClass } }) =>
    Object.entries({
      dice: overall.dice.present.mean,
      diceCounted: overall.dice.counted.mean,
      iou: overall.iou.present.mean,
      iouCounted: overall.iou.counted.mean,
      hd95: surface?.hd95.mean ?? null,
      assd: surface?.assd.mean ?? null,
      detectionRate: detectionRate(perClass),
    }).flatMap(([measure, value]) => (value === null ? [] : [[`${measure}/${split}`, value] as const])),
  );
  return Object.fromEntries(figures);
}
