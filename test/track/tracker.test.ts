/** What TensorBoard and MLflow are told, and that a run does not care whether they listen. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { silentObserver } from '../../src/pipeline/observer.ts';
import { type LastStage, runPipeline } from '../../src/pipeline/run.ts';
import { mlflowTarget } from '../../src/track/mlflow.ts';
import type { Target } from '../../src/track/target.ts';
import { tensorboardTarget } from '../../src/track/tensorboard.ts';
import { openTracker } from '../../src/track/tracker.ts';
import type { EpochLog } from '../../src/training/types.ts';
import { tinyConfig, writeTinyData } from '../pipeline/tiny.ts';
import { temporaryFolder } from '../temporary.ts';
import { type MlflowServer, startMlflow } from './mlflow-server.ts';
import { readEvents } from './read-events.ts';

const epochOf = (epoch: number): EpochLog => ({
  epoch,
  epochs: 9,
  loss: 1 / epoch,
  learningRate: 0.5,
  seconds: 10 * epoch,
  ...(epoch === 3 && { validationDice: 0.75 }),
});
const curve = (epochs: number): EpochLog[] => Array.from({ length: epochs }, (_, i) => epochOf(i + 1));

async function server(): Promise<MlflowServer> {
  const started = await startMlflow();
  onTestFinished(() => started.close());
  return started;
}

describe('TensorBoard', () => {
  const read = async (...parts: string[]) =>
    readEvents(await readFile(join(...parts, 'events.out.tfevents.packmule')));

  it('has a point of each epoch once, also where a training goes on from an earlier epoch', async () => {
    const folder = await temporaryFolder();
    const first = tensorboardTarget(folder, () => 1000);
    await first.epoch('initial', curve(1));
    await first.epoch('initial', curve(3));
    const events = await read(folder, 'initial');
    expect(events.map(({ step }) => step)).toEqual([0, 1, 2, 3]);
    expect(events[3]).toEqual({
      wallTime: 1000,
      step: 3,
      scalars: { loss: Math.fround(1 / 3), learningRate: 0.5, validationDice: 0.75 },
    });
    expect(events[2]!.wallTime, 'when it was over').toBe(990);

    const second = tensorboardTarget(folder, () => 2000);
    await second.epoch('initial', curve(2));
    await second.epoch('initial', curve(3));
    expect((await read(folder, 'initial')).map(({ step }) => step)).toEqual([0, 1, 2, 3]);
    await second.figures({ 'dice/test/final': 0.5 });
    expect((await read(folder, 'evaluation')).at(-1)!.scalars).toEqual({ 'dice/test/final': 0.5 });
  });
});

describe('MLflow', () => {
  const targetOf = async ({ uri }: MlflowServer, memory?: string): Promise<[Target, string]> => {
    const file = memory ?? join(await temporaryFolder(), 'mlflow.json');
    return [
      mlflowTarget({
        uri: `${uri}/`,
        experiment: 'teeth',
        runName: 'first',
        params: { seed: '1' },
        memory: file,
        environment: { MLFLOW_TRACKING_TOKEN: 'secret' },
      }),
      file,
    ];
  };

  it('has one run with its parameters, metrics and end', async () => {
    const mlflow = await server();
    const [target] = await targetOf(mlflow);
    await target.epoch('initial', curve(2));
    await target.epoch('initial', curve(3));
    await target.figures({ 'dice/test/final': 0.5 });
    await target.end('finished');
    expect(mlflow.runs).toMatchObject([
      {
        experiment: 'teeth',
        name: 'first',
        status: 'FINISHED',
        params: { seed: '1' },
        tags: { 'mlflow.source.name': 'packmule' },
      },
    ]);
    const { metrics } = mlflow.runs[0]!;
    expect(metrics.filter(({ key }) => key === 'initial/loss')).toMatchObject(
      [1, 2, 3].map((step) => ({ step, value: 1 / step })),
    );
    expect(metrics.filter(({ key }) => key === 'initial/validationDice')).toMatchObject([{ step: 3 }]);
    expect(metrics.at(-1)).toMatchObject({ key: 'dice/test/final', value: 0.5 });
    expect(new Set(mlflow.authorizations)).toEqual(new Set(['Bearer secret']));
  });

  it('goes on with its run, and is told nothing twice', async () => {
    const mlflow = await server();
    const [first, memory] = await targetOf(mlflow);
    await first.epoch('initial', curve(2));
    await first.end('stopped');
    expect(mlflow.runs[0]!.status).toBe('KILLED');
    const [second] = await targetOf(mlflow, memory);
    await second.epoch('initial', curve(4));
    expect(mlflow.runs).toHaveLength(1);
    expect(mlflow.runs[0]!.status).toBe('RUNNING');
    const losses = mlflow.runs[0]!.metrics.filter(({ key }) => key === 'initial/loss');
    expect(losses.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
  });

  it('is told later what it did not hear, in requests of its size', async () => {
    const mlflow = await server();
    const [target] = await targetOf(mlflow);
    mlflow.refuse(503);
    await expect(target.epoch('initial', curve(600))).rejects.toThrow('it answers 503');
    mlflow.refuse(undefined);
    await target.epoch('initial', curve(601));
    const losses = mlflow.runs[0]!.metrics.filter(({ key }) => key === 'initial/loss');
    expect(losses.map(({ step }) => step)).toEqual(Array.from({ length: 601 }, (_, i) => i + 1));
  });
});

describe('a tracker', () => {
  const broken = (told: string[]): Target => {
    const fail = (what: string) => async () => {
      told.push(what);
      throw new Error('no');
    };
    return { name: 'It', epoch: fail('epoch'), figures: fail('figures'), end: fail('end') };
  };
  const logged = async (): Promise<string> => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'initial'));
    await writeFile(join(folder, 'initial', 'log.jsonl'), `${JSON.stringify(epochOf(1))}\n`);
    return join(folder, 'initial');
  };

  it('notes once that a target fails, and tells the others', async () => {
    const notes: string[] = [];
    const [told, others]: string[][] = [[], []];
    const listening: Target = {
      name: 'Other',
      epoch: async (training, known) => void others!.push(`${training} ${known.length}`),
      figures: async (values) => void others!.push(JSON.stringify(values)),
      end: async (state) => void others!.push(state),
    };
    const tracker = openTracker([broken(told!), listening], (text) => notes.push(text));
    tracker.epoch('initial', await logged());
    tracker.figures({ dice: 1 });
    await tracker.end('finished');
    expect(notes).toEqual(['It cannot be told how the run goes: no. The run goes on.']);
    expect(told).toEqual(['epoch', 'figures', 'end']);
    expect(others).toEqual(['initial 1', '{"dice":1}', 'finished']);
  });

  it('does not wait for a slow target: of the epochs it missed it is told the last', async () => {
    const directory = await logged();
    const told: string[] = [];
    let go: () => void = () => undefined;
    const gate = new Promise<void>((open) => {
      go = open;
    });
    const slow: Target = {
      name: 'Slow',
      epoch: async (training) => {
        told.push(training);
        await gate;
      },
      figures: async () => undefined,
      end: async () => void told.push('end'),
    };
    const tracker = openTracker([slow], () => undefined);
    tracker.epoch('initial', directory);
    for (let turn = 0; told.length === 0 && turn < 1000; turn++)
      await new Promise((next) => setImmediate(next));
    for (let i = 0; i < 50; i++) tracker.epoch('initial', directory);
    go();
    await tracker.end('finished');
    expect(told).toEqual(['initial', 'initial', 'end']);
  });
});

describe('a run', { timeout: 300_000 }, () => {
  it('tells both of all its trainings and figures, and computes what one does that tells nobody', async () => {
    const folder = await temporaryFolder();
    const mlflow = await server();
    await writeTinyData(join(folder, 'data'));
    const run = (name: string, until: LastStage, more: readonly string[], notes: string[] = []) =>
      runPipeline(tinyConfig(join(folder, 'data'), more), {
        folder: join(folder, name),
        until,
        observer: { ...silentObserver, note: (text) => notes.push(text) },
      });
    await run('told', 'evaluate', ['log.tensorboard=true', `log.mlflow.uri=${mlflow.uri}`]);
    const notes: string[] = [];
    await run('alone', 'initial', ['log.mlflow.uri=http://127.0.0.1:9'], notes);
    expect(notes.filter((text) => text.includes('MLflow'))).toHaveLength(1);
    const weights = await Promise.all(
      ['told', 'alone'].map((name) => readFile(join(folder, name, 'initial', 'weights.safetensors'))),
    );
    expect(weights[0]!.equals(weights[1]!)).toBe(true);

    const { status, metrics, params } = mlflow.runs[0]!;
    expect(status).toBe('FINISHED');
    expect(params).toMatchObject({ refiner: 'random-walker', labelled: '4', 'final.epochs': '3' });
    for (const key of ['initial/loss', 'fold-1/loss', 'final/loss'])
      expect(metrics.filter((metric) => metric.key === key)).toHaveLength(3);
    expect(metrics.filter(({ key }) => /^dice\/test\//.test(key))).toHaveLength(3);
    const board = readEvents(
      await readFile(join(folder, 'told', 'tensorboard', 'final', 'events.out.tfevents.packmule')),
    );
    expect(board.map(({ step }) => step)).toEqual([0, 1, 2, 3]);
  });
});
