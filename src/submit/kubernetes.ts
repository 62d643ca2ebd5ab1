/**
 * @file Kubernetes: an Indexed Job (batch/v1) by kubectl, from version 1.29 on, which does failed indices again by
 * itself. Pods that are evicted or whose node is drained do not count as failed.
 */
import { stringify } from 'yaml';
import { type ArrayJob, taskCommand } from './array-job.ts';
import { ask, type Cluster, type TaskState, USER_ERROR } from './cluster.ts';

export interface KubernetesOptions {
  /** The container in which `packmule` can be called. */
  readonly image: string;
  readonly namespace?: string;
  /** The claim of the volume that holds the run and its data, and where it is mounted. */
  readonly volume: { readonly claim: string; readonly path: string };
}

/** What of a job's status is looked at. Lists of indices are written `0,2-4`. */
interface JobStatus {
  readonly active?: number;
  readonly completedIndexes?: string;
  readonly failedIndexes?: string;
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
}

/** Seconds for which a finished job can be looked at. */
const KEPT_S = 7 * 24 * 3600;

export function kubernetes(options: KubernetesOptions): Cluster {
  const { namespace } = options;
  const kubectl = (...args: string[]): Promise<string> =>
    ask('kubectl', [...args, ...(namespace === undefined ? [] : [`--namespace=${namespace}`])]);
  return {
    name: 'Kubernetes',
    file: 'job.yaml',
    retries: true,
    render: (job, tasks) => stringify(manifest(job, tasks, options), { lineWidth: 0 }),
    submit: async (path) => (await kubectl('create', `--filename=${path}`, '--output=name')).trim(),
    states: async (id, _job, tasks) => {
      const { status = {} } = JSON.parse(await kubectl('get', id, '--output=json')) as { status?: JobStatus };
      return statesOf(status, tasks);
    },
    printed: async (id, _job, task) =>
      kubectl(
        'logs',
        `--selector=job-name=${id.split('/').at(-1)},batch.kubernetes.io/job-completion-index=${task - 1}`,
        '--tail=12',
      ),
    forget: async (id) => {
      await kubectl('delete', id);
    },
  };
}

function manifest(job: ArrayJob, tasks: readonly number[], { image, namespace, volume }: KubernetesOptions) {
  const { cpus, memory, atOnce } = job.needs;
  const asked = { ...(cpus !== undefined && { cpu: String(cpus) }), ...(memory !== undefined && { memory }) };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: job.name, ...(namespace !== undefined && { namespace }), labels: { app: 'packmule' } },
    spec: {
      completionMode: 'Indexed',
      completions: tasks.length,
      parallelism: Math.min(atOnce ?? tasks.length, tasks.length),
      backoffLimitPerIndex: job.retries,
      ttlSecondsAfterFinished: KEPT_S,
      podFailurePolicy: {
        rules: [
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
          {
            action: 'FailIndex',
            onExitCodes: { containerName: 'packmule', operator: 'In', values: [USER_ERROR] },
          },
        ],
      },
      template: {
        metadata: { labels: { app: 'packmule' } },
        spec: {
          restartPolicy: 'Never',
          containers: [
            {
              name: 'packmule',
              image,
              // Indices are counted from 0, parts from 1.
              command: ['/bin/sh', '-c', `exec ${taskCommand(job, '$((JOB_COMPLETION_INDEX + 1))')}`],
              workingDir: job.workFolder,
              ...(Object.keys(asked).length > 0 && { resources: { requests: asked, limits: asked } }),
              volumeMounts: [{ name: 'data', mountPath: volume.path }],
            },
          ],
          volumes: [{ name: 'data', persistentVolumeClaim: { claimName: volume.claim } }],
        },
      },
    },
  };
}

function statesOf(status: JobStatus, tasks: readonly number[]): ReadonlyMap<number, TaskState> {
  const { active = 0, completedIndexes, failedIndexes, conditions = [] } = status;
  const [done, failed] = [indices(completedIndexes), indices(failedIndexes)];
  const isOver = conditions.some(({ type, status: is }) => type === 'Failed' && is === 'True');
  // Which pods run is not in the status, only how many; they are begun in their order.
  let running = active;
  return new Map(
    tasks.map((task): [number, TaskState] => {
      if (done.has(task - 1)) return [task, { is: 'done' }];
      // Whatever could be tried again was.
      if (isOver || failed.has(task - 1)) return [task, { is: 'failed', hopeless: true }];
      return [task, { is: running-- > 0 ? 'running' : 'waiting' }];
    }),
  );
}

/** `0,2-4` as numbers. */
function indices(text = ''): ReadonlySet<number> {
  return new Set(
    [...text.matchAll(/(\d+)(?:-(\d+))?/g)].flatMap(([, first, last = first]) =>
      Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => Number(first) + i),
    ),
  );
}
