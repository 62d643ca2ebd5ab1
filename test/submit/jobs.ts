/** @file A job of four tasks. */
import type { ArrayJob } from '../../src/submit/array-job.ts';

export function arrayJob(more: Partial<ArrayJob> = {}): ArrayJob {
  return {
    name: 'packmule-refine-0123abcd',
    tasks: 4,
    args: ['refine', 'runs/tiny'],
    packmule: ['packmule'],
    workFolder: '/lab',
    folder: '/lab/jobs/packmule-refine-0123abcd',
    retries: 2,
    needs: {},
    ...more,
  };
}
