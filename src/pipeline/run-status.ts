/** @file How a run stands, read from its folder alone: whoever started it, wherever. */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { readLines } from '../base/line-file.ts';
import { livingOwner } from '../base/lock.ts';
import type { RunCard, RunCurve, RunDetail, RunFigure, RunStage } from '../desk/protocol.ts';
import { isFinal, statusOf } from '../review/decision.ts';
import { readDecisions } from '../review/decision-journal.ts';
import type { EpochLog } from '../training/types.ts';
import { isTree } from './config.ts';
import { STEPS } from './course.ts';
import type { StageName } from './observer.ts';
import { readProgress } from './progress-file.ts';
import { readRecordedConfig } from './recorded-config.ts';
import type { RunDirectory } from './run-directory.ts';
import { listSettings } from './settings-list.ts';
import { readRecord } from './stage.ts';
import { readEvaluation } from './stages/evaluate.ts';

const TITLES: Readonly<Partial<Record<StageName, string>>> = {
  checkModel: 'Check the model that refines',
  initial: 'Learn from the annotated images',
  predict: 'Mask all other images',
  folds: 'Try it on images held back',
  adapt: 'Adapt Foal to these images',
  closeUp: 'Learn outlines close up',
  refine: 'Refine the masks',
  trust: 'Say how far each can be trusted',
  final: 'Learn from all images',
  predictFinal: 'Mask them anew',
  refineFinal: 'Refine the new masks',
  evaluate: 'Measure against the truth',
  report: 'Write the report',
};

/** Stages that a run may be without. */
const RARE: readonly StageName[] = ['checkModel', 'folds', 'adapt', 'closeUp', 'refineFinal'];

type Status = Omit<RunDetail, 'id' | 'failure'>;

/** Whether a folder is that of a run. */
export const isRunFolder = ({ config, log }: RunDirectory): boolean => existsSync(config) && existsSync(log);

/** The line of a run in a list. */
export async function readRunCard(run: RunDirectory): Promise<Omit<RunCard, 'id'>> {
  const [working, events, figures] = await Promise.all([
    livingOwner(run.lock),
    readLines(run.log),
    readFigures(run),
  ]);
  const started = events.filter(isTree).findLast(({ event }) => event === 'run started')?.time;
  const dice = figures.at(-1)?.dice;
  return {
    name: basename(run.root),
    folder: run.root,
    state: working !== undefined ? 'working' : (await isDone(run)) ? 'finished' : 'stopped',
    ...(typeof started === 'string' && { started }),
    ...(typeof dice === 'number' && { dice }),
    hasMasks: existsSync(run.trust) && existsSync(run.masks('refined', 'unlabelled')),
  };
}

export async function readRunStatus(run: RunDirectory): Promise<Status> {
  const card = await readRunCard(run);
  const isWorking = card.state === 'working';
  const progress = isWorking ? await readProgress(run) : undefined;
  const decisions = await readDecisions(run.decisions);
  return {
    ...card,
    stages: await readStages(run, card.state),
    ...(progress && { progress }),
    curves: await readCurves(run),
    figures: await readFigures(run),
    settings: await readSettings(run),
    hasReport: existsSync(run.report),
    decided: decisions.filter((decision) => isFinal(statusOf(decision))).length,
  };
}

/** Whether the report is of what the stages before it last made. */
async function isDone(run: RunDirectory): Promise<boolean> {
  const record = await readRecord(run, 'report');
  return record?.state === 'finished' && existsSync(run.report) && existsSync(run.evaluation);
}

async function readStages(run: RunDirectory, state: RunCard['state']): Promise<RunStage[]> {
  const records = await Promise.all(
    STEPS.map(async ({ name }) => ({ name, record: await readRecord(run, name) })),
  );
  const at = records.findIndex(({ record }) => record?.state === 'started');
  return records.flatMap(({ name, record }, i): RunStage[] => {
    const isBegun = record?.state === 'started' || record?.state === 'finished';
    if (!isBegun && (state === 'finished' || RARE.includes(name))) return [];
    const stage = { name, title: TITLES[name] ?? name };
    if (record?.state !== 'finished') {
      return [{ ...stage, state: i === at && state === 'working' ? 'working' : 'waiting' }];
    }
    return [{ ...stage, state: 'done', ...(record.seconds !== undefined && { seconds: record.seconds }) }];
  });
}

async function readCurves(run: RunDirectory): Promise<RunCurve[]> {
  const curves = await Promise.all(
    (['initial', 'final'] as const).map(async (stage): Promise<RunCurve> => {
      const logs = (await readLines(run.path(stage, 'log.jsonl'))) as readonly (EpochLog | undefined)[];
      const points = logs.flatMap((log) =>
        log === undefined
          ? []
          : [
              {
                epoch: log.epoch,
                minutes: log.seconds / 60,
                loss: log.loss,
                ...(log.validationDice !== undefined && { valDice: log.validationDice }),
              },
            ],
      );
      return { stage, points };
    }),
  );
  return curves.filter(({ points }) => points.length > 0);
}

async function readFigures(run: RunDirectory): Promise<RunFigure[]> {
  if (!existsSync(run.evaluation)) return [];
  const { results } = await readEvaluation(run);
  return results.map(({ split, stage, evaluation }) => {
    const { mean, interval } = evaluation.overall.dice.present;
    return { split, stage, dice: mean, ...(interval && { low: interval.low, high: interval.high }) };
  });
}

/** None where they are of a version with other settings. */
async function readSettings(run: RunDirectory): Promise<Record<string, string>> {
  const config = await readRecordedConfig(run).catch(() => undefined);
  return config === undefined
    ? {}
    : Object.fromEntries(listSettings(config).map(({ name, value }) => [name, value]));
}
