/**
 * @file Kubernetes: an Indexed Job (batch/v1) by kubectl, from version 1.29 on, which does failed indices again by
 * itself. Pods that are evicted or whose node is drained do not count as failed.
 */
import { type ArrayJob, taskCommand } from './array-job.ts';
import { ask, type Cluster, type TaskState, USER_ERROR } from './cluster.ts';
import { fillTemplate, type Placeholder, type Template } from './template.ts';

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

export function kubernetes(options: KubernetesOptions, template = KUBERNETES_TEMPLATE): Cluster {
  const { namespace } = options;
  const kubectl = (...args: string[]): Promise<string> =>
    ask('kubectl', [...args, ...(namespace === undefined ? [] : [`--namespace=${namespace}`])]);
  return {
    name: 'Kubernetes',
    file: 'job.yaml',
    retries: true,
    render: (job, tasks) => manifest(job, tasks, options, template),
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

/**
 * The manifest of an Indexed Job, unless the user has another one. A pod that ends with exit code 2, where there is
 * something to be corrected, is not tried again; a finished job can be looked at for a week.
 */
export const KUBERNETES_TEMPLATE: Template = {
  name: 'The template',
  text: `apiVersion: batch/v1
kind: Job
metadata:
  name: {{name}}
  namespace: {{namespace}}
  labels:
    app: packmule
spec:
  completionMode: Indexed
  completions: {{completions}}
  parallelism: {{parallelism}}
  backoffLimitPerIndex: {{retries}}
  ttlSecondsAfterFinished: 604800
  podFailurePolicy:
    rules:
      - action: Ignore
        onPodConditions:
          - type: DisruptionTarget
            status: "True"
      - action: FailIndex
        onExitCodes:
          containerName: packmule
          operator: In
          values: [${USER_ERROR}]
  template:
    metadata:
      labels:
        app: packmule
    spec:
      restartPolicy: Never
      containers:
        - name: packmule
          image: {{image}}
          command: ["/bin/sh", "-c", {{command}}]
          workingDir: {{workFolder}}
          resources: {{resources}}
          volumeMounts:
            - name: data
              mountPath: {{mountPath}}
      volumes:
        - name: data
          persistentVolumeClaim:
            claimName: {{claim}}
`,
};

/** Values are written as JSON, which is YAML on one line. */
function manifest(
  job: ArrayJob,
  tasks: readonly number[],
  { image, namespace, volume }: KubernetesOptions,
  template: Template,
): string {
  const { cpus, memory, atOnce } = job.needs;
  const asked = { ...(cpus !== undefined && { cpu: String(cpus) }), ...(memory !== undefined && { memory }) };
  const resources = Object.keys(asked).length > 0 ? { requests: asked, limits: asked } : undefined;
  const json = (value: unknown, needed: boolean): Placeholder => ({
    value: value === undefined ? undefined : JSON.stringify(value),
    needed,
  });
  return fillTemplate(template, {
    name: json(job.name, false),
    namespace: json(namespace, true),
    completions: json(tasks.length, true),
    parallelism: json(Math.min(atOnce ?? tasks.length, tasks.length), atOnce !== undefined),
    retries: json(job.retries, false),
    image: json(image, false),
    // Indices are counted from 0, parts from 1.
    command: json(`exec ${taskCommand(job, '$((JOB_COMPLETION_INDEX + 1))')}`, true),
    workFolder: json(job.workFolder, true),
    resources: json(resources, true),
    mountPath: json(volume.path, false),
    claim: json(volume.claim, false),
  });
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
