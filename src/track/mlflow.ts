/**
 * @file A run as a run of MLflow, by its REST interface (https://mlflow.org/docs/latest/rest-api.html). What could not be
 * sent waits and is sent with what comes later.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeFileAtomic } from '../base/files.ts';
import { type EndState, scalarsOf, type Target } from './target.ts';

export interface MlflowOptions {
  /** Of the server: `http://localhost:5000`. */
  readonly uri: string;
  readonly experiment: string;
  readonly runName: string;
  /** What the run is about, by name. */
  readonly params: Readonly<Record<string, string>>;
  /** A file that keeps which run it is and what it was told, so that it goes on as the same one. */
  readonly memory: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** The server's limit for one request. */
const MOST_METRICS = 1000;
const TIMEOUT_MS = 5_000;

interface Metric {
  readonly key: string;
  readonly value: number;
  /** ms since 1970. */
  readonly timestamp: number;
  readonly step: number;
}

const STATUS: Readonly<Record<EndState, string>> = {
  finished: 'FINISHED',
  failed: 'FAILED',
  stopped: 'KILLED',
};

export function mlflowTarget(options: MlflowOptions): Target {
  const server = connect(options);
  const waiting: Metric[] = [];
  let known: Memory | undefined;

  const send = async (): Promise<Memory> => {
    known ??= await openRun(options, server);
    while (waiting.length > 0) {
      const metrics = waiting.slice(0, MOST_METRICS);
      await server('POST', 'runs/log-batch', { run_id: known.run, metrics });
      waiting.splice(0, metrics.length);
    }
    return known;
  };
  return {
    name: `MLflow at ${options.uri}`,
    epoch: async (training, curve) => {
      const { run, sent } = await send();
      const now = Date.now();
      const last = curve.at(-1)!;
      const before = sent[training] ?? 0;
      // A shorter curve than before is that of another training, or of one that went back to its checkpoint.
      for (const log of curve.slice(before > curve.length ? 0 : before)) {
        const timestamp = Math.round(now - 1000 * (last.seconds - log.seconds));
        for (const [name, value] of Object.entries(scalarsOf(log)))
          waiting.push({ key: `${training}/${name}`, value, timestamp, step: log.epoch });
      }
      known = { run, sent: { ...sent, [training]: curve.length } };
      await send();
      await writeMemory(options, known);
    },
    figures: async (values) => {
      const timestamp = Date.now();
      for (const [key, value] of Object.entries(values)) waiting.push({ key, value, timestamp, step: 0 });
      await send();
    },
    end: async (state) => {
      const { run } = await send();
      await server('POST', 'runs/update', { run_id: run, status: STATUS[state], end_time: Date.now() });
    },
  };
}

type Server = (
  method: 'GET' | 'POST',
  path: string,
  body: Readonly<Record<string, unknown>>,
) => Promise<unknown>;

/** Sends the parts of `body`, of a GET as its query. @throws Error where there is no answer, or a refusal. */
function connect({ uri, environment = process.env }: MlflowOptions): Server {
  const root = `${uri.replace(/\/+$/, '')}/api/2.0/mlflow/`;
  const headers = { 'content-type': 'application/json', ...authorization(environment) };
  return async (method, path, body) => {
    const query = method === 'GET' ? `?${new URLSearchParams(body as Record<string, string>)}` : '';
    const response = await fetch(`${root}${path}${query}`, {
      method,
      headers,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(method === 'POST' && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Refusal(response.status, text);
    return JSON.parse(text) as unknown;
  };
}

class Refusal extends Error {
  readonly status: number;

  constructor(status: number, text: string) {
    super(`it answers ${status}: ${text.slice(0, 200)}`);
    this.status = status;
  }
}

/** As MLflow's own client has it. */
function authorization({
  MLFLOW_TRACKING_TOKEN: token,
  MLFLOW_TRACKING_USERNAME: user,
  MLFLOW_TRACKING_PASSWORD: password = '',
}: Readonly<Record<string, string | undefined>>): Record<string, string> {
  if (token !== undefined) return { authorization: `Bearer ${token}` };
  if (user === undefined) return {};
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}

const memorySchema = z.object({ uri: z.string(), run: z.string(), sent: z.record(z.string(), z.number()) });
const experimentAnswer = z.object({ experiment: z.object({ experiment_id: z.string() }) });
const createdExperiment = z.object({ experiment_id: z.string() });
const createdRun = z.object({ run: z.object({ info: z.object({ run_id: z.string() }) }) });

/** A run, and how many epochs of each training it was told. */
type Memory = Omit<z.infer<typeof memorySchema>, 'uri'>;

/** The run that an earlier start began, which goes on, or a new one. */
async function openRun(options: MlflowOptions, server: Server): Promise<Memory> {
  const { runName, params } = options;
  const known = await readMemory(options);
  if (known !== undefined) {
    await server('POST', 'runs/update', { run_id: known.run, status: 'RUNNING' });
    return known;
  }
  const created = await server('POST', 'runs/create', {
    experiment_id: await experimentId(options, server),
    run_name: runName,
    start_time: Date.now(),
    tags: [{ key: 'mlflow.runName', value: runName }],
  });
  const id = createdRun.parse(created).run.info.run_id;
  const memory = { run: id, sent: {} };
  await writeMemory(options, memory);
  await server('POST', 'runs/set-tag', { run_id: id, key: 'mlflow.source.name', value: 'packmule' });
  await server('POST', 'runs/log-batch', {
    run_id: id,
    params: Object.entries(params).map(([key, value]) => ({ key, value })),
  });
  return memory;
}

async function writeMemory({ uri, memory }: MlflowOptions, known: Memory): Promise<void> {
  await writeFileAtomic(memory, `${JSON.stringify({ uri, ...known })}\n`);
}

async function readMemory({ uri, memory }: MlflowOptions): Promise<Memory | undefined> {
  try {
    const known = memorySchema.parse(JSON.parse(await readFile(memory, 'utf8')));
    return known.uri === uri ? known : undefined;
  } catch {
    return undefined;
  }
}

/** The experiment of that name, made where there is none. */
async function experimentId({ experiment }: MlflowOptions, server: Server): Promise<string> {
  try {
    const found = await server('GET', 'experiments/get-by-name', { experiment_name: experiment });
    return experimentAnswer.parse(found).experiment.experiment_id;
  } catch (error) {
    if (!(error instanceof Refusal && error.status === 404)) throw error;
    return createdExperiment.parse(await server('POST', 'experiments/create', { name: experiment }))
      .experiment_id;
  }
}
