/** @file As much of MLflow's REST interface as is asked for, on this machine. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface KnownRun {
  readonly experiment: string;
  readonly name: string;
  status: string;
  readonly params: Record<string, string>;
  readonly tags: Record<string, string>;
  readonly metrics: { readonly key: string; readonly value: number; readonly step: number }[];
}

export interface MlflowServer {
  readonly uri: string;
  readonly runs: KnownRun[];
  readonly authorizations: (string | undefined)[];
  /** Answers everything with this status from now on; 200 again for undefined. */
  refuse(status: number | undefined): void;
  close(): Promise<void>;
}

interface Body {
  readonly [key: string]: string;
}

export async function startMlflow(): Promise<MlflowServer> {
  const experiments: string[] = [];
  const runs: KnownRun[] = [];
  const authorizations: (string | undefined)[] = [];
  let refusal: number | undefined;
  const answer = (method: string, path: string, body: Body): [status: number, body: object] => {
    const run = runs[Number(body.run_id)];
    switch (`${method} ${path}`) {
      case 'GET experiments/get-by-name': {
        const id = experiments.indexOf(body.experiment_name!);
        return id < 0
          ? [404, { error_code: 'RESOURCE_DOES_NOT_EXIST' }]
          : [200, { experiment: { experiment_id: String(id) } }];
      }
      case 'POST experiments/create':
        return [200, { experiment_id: String(experiments.push(body.name!) - 1) }];
      case 'POST runs/create': {
        const experiment = experiments[Number(body.experiment_id)]!;
        const id =
          runs.push({
            experiment,
            name: body.run_name!,
            status: 'RUNNING',
            params: {},
            tags: {},
            metrics: [],
          }) - 1;
        return [200, { run: { info: { run_id: String(id) } } }];
      }
      case 'POST runs/set-tag':
        run!.tags[body.key!] = body.value!;
        return [200, {}];
      case 'POST runs/log-batch': {
        const { metrics = [], params = [] } = body as unknown as {
          metrics?: KnownRun['metrics'];
          params?: { key: string; value: string }[];
        };
        if (metrics.length > 1000) return [400, { error_code: 'INVALID_PARAMETER_VALUE' }];
        run!.metrics.push(...metrics);
        for (const { key, value } of params) run!.params[key] = value;
        return [200, {}];
      }
      case 'POST runs/update':
        run!.status = body.status!;
        return [200, {}];
      default:
        return [404, {}];
    }
  };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { pathname, searchParams } = new URL(request.url!, 'http://localhost');
      const text = Buffer.concat(parts).toString();
      const body = (text === '' ? Object.fromEntries(searchParams) : JSON.parse(text)) as Body;
      authorizations.push(request.headers.authorization);
      const [status, said] =
        refusal === undefined
          ? answer(request.method!, pathname.replace('/api/2.0/mlflow/', ''), body)
          : [refusal, { error_code: 'TEMPORARILY_UNAVAILABLE' }];
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(said));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    runs,
    authorizations,
    refuse: (status) => {
      refusal = status;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
