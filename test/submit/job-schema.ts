/**
 * @file What Kubernetes takes as an Indexed Job, by hand: the fields of batch/v1 that are used, and the rules that its
 * server checks (reference of Job, JobSpec and PodFailurePolicy, kubernetes.io).
 */
import { z } from 'zod';

const dnsLabel = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
const labels = z.record(z.string(), z.string().regex(/^[\w.-]{0,63}$/));
const quantity = z.string().regex(/^\d+(\.\d+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$/);
const resources = z.strictObject({ cpu: quantity.optional(), memory: quantity.optional() });
const absolute = z.string().startsWith('/');

const container = z.strictObject({
  name: dnsLabel,
  image: z.string().min(1),
  command: z.array(z.string()).min(1),
  workingDir: absolute,
  resources: z.strictObject({ requests: resources, limits: resources }).optional(),
  volumeMounts: z.array(z.strictObject({ name: dnsLabel, mountPath: absolute })),
});

const exitCodes = z.strictObject({
  containerName: dnsLabel,
  operator: z.enum(['In', 'NotIn']),
  values: z.array(z.int().min(1).max(255)).min(1).max(255),
});
const podCondition = z.strictObject({ type: z.string(), status: z.enum(['True', 'False', 'Unknown']) });
const rule = z
  .strictObject({
    action: z.enum(['FailJob', 'FailIndex', 'Ignore', 'Count']),
    onExitCodes: exitCodes.optional(),
    onPodConditions: z.array(podCondition).min(1).max(20).optional(),
  })
  .refine(
    ({ onExitCodes, onPodConditions }) => (onExitCodes === undefined) !== (onPodConditions === undefined),
  );

export const indexedJob = z
  .strictObject({
    apiVersion: z.literal('batch/v1'),
    kind: z.literal('Job'),
    metadata: z.strictObject({ name: dnsLabel, namespace: dnsLabel.optional(), labels }),
    spec: z.strictObject({
      completionMode: z.literal('Indexed'),
      completions: z.int().min(1).max(100_000),
      parallelism: z.int().min(1),
      // Needs completionMode Indexed and restartPolicy Never.
      backoffLimitPerIndex: z.int().min(0),
      ttlSecondsAfterFinished: z.int().min(0),
      podFailurePolicy: z.strictObject({ rules: z.array(rule).max(20) }),
      template: z.strictObject({
        metadata: z.strictObject({ labels }),
        spec: z.strictObject({
          restartPolicy: z.literal('Never'),
          containers: z.array(container).min(1),
          volumes: z.array(
            z.strictObject({
              name: dnsLabel,
              persistentVolumeClaim: z.strictObject({ claimName: z.string().regex(/^[a-z0-9.-]+$/) }),
            }),
          ),
        }),
      }),
    }),
  })
  .refine(({ spec: { podFailurePolicy, template } }) => {
    const names = template.spec.containers.map(({ name }) => name);
    return podFailurePolicy.rules.every(
      ({ onExitCodes }) => onExitCodes === undefined || names.includes(onExitCodes.containerName),
    );
  })
  .refine(({ spec: { template } }) => {
    const volumes = template.spec.volumes.map(({ name }) => name);
    return template.spec.containers.every(({ volumeMounts }) =>
      volumeMounts.every(({ name }) => volumes.includes(name)),
    );
  });
