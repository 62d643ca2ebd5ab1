/** What is submitted is a template that users may change. */
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ConfigError } from '../../src/base/errors.ts';
import { KUBERNETES_TEMPLATE, kubernetes } from '../../src/submit/kubernetes.ts';
import { SLURM_TEMPLATE, slurm } from '../../src/submit/slurm.ts';
import type { Template } from '../../src/submit/template.ts';
import { arrayJob } from './jobs.ts';

const changed = (template: Template, from: string, to: string): Template => ({
  name: 'ours.sh',
  text: template.text.replace(from, () => to),
});
const needs = { cpus: 4, memory: '4G', atOnce: 3 };
const volume = { claim: 'lab', path: '/lab' };
const options = { image: 'packmule', volume };

describe('a script for Slurm', () => {
  const render = (template?: Template, job = arrayJob(), sbatch: string[] = []): string =>
    slurm(sbatch, template).render(job, [1, 2]);

  it('leaves out lines of what nobody asked for, and repeats those of a list', () => {
    expect(render()).toBe(`#!/bin/bash
#SBATCH --job-name=packmule-refine-0123abcd
#SBATCH --array=1,2
#SBATCH --chdir="/lab"
#SBATCH --output="/lab/jobs/packmule-refine-0123abcd/%A_%a.log"
# Each task does its part; the command without --shard puts them together.
code=0
packmule refine runs/tiny --shard "$SLURM_ARRAY_TASK_ID/4" || code=$?
echo "$code" > /lab/jobs/packmule-refine-0123abcd/"\${SLURM_ARRAY_JOB_ID}_\${SLURM_ARRAY_TASK_ID}.exit"
exit "$code"
`);
    const asked = render(undefined, arrayJob({ needs }), ['--partition=long', '--time=1:00']);
    expect(asked.match(/^#SBATCH .*$/gm)!.slice(1)).toEqual([
      '#SBATCH --array=1,2%3',
      '#SBATCH --chdir="/lab"',
      '#SBATCH --output="/lab/jobs/packmule-refine-0123abcd/%A_%a.log"',
      '#SBATCH --cpus-per-task=4',
      '#SBATCH --mem=4G',
      '#SBATCH --partition=long',
      '#SBATCH --time=1:00',
    ]);
  });

  it('is that of the user, in which nothing is replaced but placeholders', () => {
    const ours = changed(SLURM_TEMPLATE, 'code=0', 'module load node/20\ncode=0 # $HOME {} $&');
    expect(render(ours)).toBe(render().replace('code=0', () => 'module load node/20\ncode=0 # $HOME {} $&'));
    const spaced = changed(SLURM_TEMPLATE, '{{command}}', '{{ command }}');
    expect(render(spaced)).toBe(render());
    const odd = arrayJob({ args: ['refine', '$& {{name}}'] });
    expect(render(undefined, odd)).toContain("packmule refine '$& {{name}}' --shard");
  });

  it.each([
    [
      '{{command}}',
      '{{comand}}',
      /ours\.sh has the placeholder \{\{comand\}\}.*Did you mean \{\{command\}\}/s,
    ],
    ['{{command}}', 'packmule', /ours\.sh has no placeholder \{\{command\}\}.*submit template slurm/s],
    ['{{exitFile}}', '/dev/null', /no placeholder \{\{exitFile\}\}/],
  ])('with %s as %s is refused', (from, to, message) => {
    const ours = changed(SLURM_TEMPLATE, from, to);
    expect(() => render(ours)).toThrow(ConfigError);
    expect(() => render(ours)).toThrow(message);
  });

  it('may lack what nobody asked for, and nothing that somebody did', () => {
    const ours = changed(SLURM_TEMPLATE, '#SBATCH --mem={{memory}}\n', '#SBATCH --mem=64G\n');
    expect(render(ours)).toContain('--mem=64G');
    expect(() => render(ours, arrayJob({ needs }))).toThrow(/no placeholder \{\{memory\}\}/);
  });
});

describe('a manifest for Kubernetes', () => {
  const render = (template?: Template, job = arrayJob()) =>
    parse(kubernetes(options, template).render(job, [1, 2]));

  it('is that of the user', () => {
    const ours = changed(
      KUBERNETES_TEMPLATE,
      'restartPolicy: Never',
      'restartPolicy: Never\n      nodeSelector: {disk: ssd}',
    );
    expect(render(ours).spec.template.spec.nodeSelector).toEqual({ disk: 'ssd' });
    expect(render().spec.template.spec.containers[0]).not.toHaveProperty('resources');
    expect(render().metadata).not.toHaveProperty('namespace');
  });

  it('is refused without the command, or without a place for the needs of tasks', () => {
    const silent = changed(KUBERNETES_TEMPLATE, '{{command}}', '"true"');
    expect(() => render(silent)).toThrow(/no placeholder \{\{command\}\}/);
    const poor = changed(KUBERNETES_TEMPLATE, '          resources: {{resources}}\n', '');
    expect(render(poor)).toBeDefined();
    expect(() => render(poor, arrayJob({ needs }))).toThrow(/no placeholder \{\{resources\}\}/);
  });
});
