import { chmod, cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { KUBERNETES_TEMPLATE, kubernetes } from '../../src/submit/kubernetes.ts';
import { MAIN, runCli, startCli } from '../cli/program.ts';
import { TINY_SETTINGS, writeTinyData } from '../pipeline/tiny.ts';
import { temporaryFolder } from '../temporary.ts';
import { indexedJob } from './job-schema.ts';
import { arrayJob } from './jobs.ts';

const volume = { claim: 'lab', path: '/lab' };
const all = [1, 2, 3, 4];

describe('the manifest', () => {
  const manifest = (...[job, options]: [Parameters<typeof arrayJob>[0], object?]) =>
    parse(kubernetes({ image: 'packmule', volume, ...options }).render(arrayJob(job), all));

  it.each([
    ['plain', {}, {}],
    ['with needs', { needs: { cpus: 4, memory: '4Gi', atOnce: 2 } }, { namespace: 'imaging' }],
    ['of words that a shell would take apart', { args: ['refine', "it's a run; $(ls)"] }, {}],
    ['without tries', { retries: 0 }, {}],
  ])('is an Indexed Job, %s', (_, job, options) => {
    expect(indexedJob.safeParse(manifest(job, options)).error).toBeUndefined();
  });

  it('asks for what tasks need, and no more at once than said', () => {
    const { spec } = manifest({ needs: { cpus: 4, memory: '4Gi', atOnce: 2 }, retries: 5 });
    expect(spec).toMatchObject({ completions: 4, parallelism: 2, backoffLimitPerIndex: 5 });
    const asked = { cpu: '4', memory: '4Gi' };
    expect(spec.template.spec.containers[0].resources).toEqual({ requests: asked, limits: asked });
  });

  it('gives each index another part', () => {
    const [container] = manifest({}).spec.template.spec.containers;
    expect(container.command).toEqual([
      '/bin/sh',
      '-c',
      'exec packmule refine runs/tiny --shard "$((JOB_COMPLETION_INDEX + 1))/4"',
    ]);
  });
});

// Many processes one after the other, which a busy machine starts slowly.
describe('a cluster that answers by kubectl', { timeout: 180_000 }, () => {
  let shared = '';
  let folder = '';
  const at = (...parts: string[]): string => join(folder, ...parts);

  beforeAll(async () => {
    shared = await temporaryFolder();
    await writeTinyData(join(shared, 'data'));
    const settings = { name: 'tiny', data: { root: join(shared, 'data') }, ...TINY_SETTINGS };
    await writeFile(join(shared, 'packmule.yaml'), stringify(settings));
    const trained = await runCli(shared, 'train');
    expect(trained.code, trained.stderr).toBe(0);
    await mkdir(join(shared, 'bin'));
    const fake = join(shared, 'bin', 'kubectl');
    await cp(fileURLToPath(new URL('fake-kubectl.mjs', import.meta.url)), `${fake}.mjs`);
    await symlink(
      fileURLToPath(new URL('../../node_modules', import.meta.url)),
      join(shared, 'node_modules'),
    );
    await symlink(`${fake}.mjs`, fake);
    await chmod(`${fake}.mjs`, 0o755);
  });
  beforeEach(async () => {
    folder = await temporaryFolder();
    await cp(shared, folder, { recursive: true, verbatimSymlinks: true });
    await mkdir(at('cluster'));
  });

  function submit(...args: string[]) {
    const options = [
      '--image',
      'packmule',
      '--volume',
      `data:${folder}`,
      '--every',
      '1',
      '--namespace',
      'lab',
    ];
    const packmule = ['--packmule', `${process.execPath} ${MAIN}`];
    return startCli(folder, ['submit', 'kubernetes', ...options, ...packmule, ...args], {
      FAKE_CLUSTER: at('cluster'),
      PATH: `${join(shared, 'bin')}${delimiter}${process.env.PATH}`,
    }).ended;
  }

  it('does the job, and the parts are put together', async () => {
    const { code, stdout, stderr } = await submit('--tasks', '2', 'predict', 'runs/tiny');
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('put together');
    expect(await readdir(at('runs', 'tiny', 'predicted'))).toEqual([
      'annotations.json',
      'test.json',
      'val.json',
    ]);
    expect(await readFile(at('cluster', 'pod-1.txt'), 'utf8')).toContain('4 images of the stage predict');
    const calls = (await readFile(at('cluster', 'calls.txt'), 'utf8')).trim().split('\n');
    expect(calls.map((call) => call.split(' ')[0])).toEqual(['create', 'get', 'delete']);
    expect(calls.every((call) => call.endsWith('--namespace=lab'))).toBe(true);
  });

  it('shows what a pod says that failed', async () => {
    await rm(at('runs'), { recursive: true });
    const { code, stderr } = await submit('--tasks', '2', '--retries', '1', 'predict');
    expect(code).toBe(2);
    expect(stderr).toContain('2 of 2 tasks failed');
    expect(stderr).toContain('packmule train');
    // Not tried again: it would end in the same way.
    expect((await readFile(at('cluster', 'pod-0.txt'), 'utf8')).match(/RunError/g)).toHaveLength(1);
  });

  it('is asked for nothing by --dry-run and --out', async () => {
    const shown = await submit('--tasks', '2', '--dry-run', 'predict', 'runs/tiny');
    const written = await submit('--tasks', '2', '--out', 'job.yaml', 'predict', 'runs/tiny');
    expect([shown.code, written.code]).toEqual([0, 0]);
    expect(indexedJob.safeParse(parse(shown.stdout)).error).toBeUndefined();
    expect(await readFile(at('job.yaml'), 'utf8')).toBe(shown.stdout);
    expect(await readdir(at('cluster'))).toEqual([]);
  });

  it('is given a manifest that the user made of the built-in one', async () => {
    const builtIn = await runCli(folder, 'submit', 'template', 'kubernetes');
    expect([builtIn.code, builtIn.stdout]).toEqual([0, KUBERNETES_TEMPLATE.text]);
    await writeFile(at('ours.yaml'), builtIn.stdout.replace('app: packmule', 'app: ours'));
    const dry = ['--tasks', '2', '--dry-run'];
    const shown = await submit('--template', 'ours.yaml', ...dry, 'embed', 'runs/tiny');
    expect([shown.code, parse(shown.stdout).metadata.labels.app]).toEqual([0, 'ours']);
    expect(shown.stdout).toContain(' embed runs/tiny --shard ');
    const none = await submit('--template', 'nowhere.yaml', ...dry, 'embed', 'runs/tiny');
    expect([none.code, none.stderr]).toEqual([2, expect.stringMatching(/nowhere\.yaml cannot be read/)]);
  });

  it('encodes images where the refiner has a use for it, and else says that it has none', async () => {
    const model = fileURLToPath(new URL('../reference/fixtures/mobile-sam/model.pth', import.meta.url));
    const { code, stderr } = await submit('--tasks', '2', 'embed', 'runs/tiny', '--model', model);
    expect(code, stderr).toBe(0);
    expect(await readFile(at('cluster', 'pod-1.txt'), 'utf8')).toMatch(
      /6 images are encoded \(part 2 of 2\)/,
    );
    const again = await runCli(folder, 'embed', 'runs/tiny', '--model', model, '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({ images: 12, before: 12 });
    const useless = await runCli(folder, 'embed', 'runs/tiny');
    expect([useless.code, useless.stderr]).toEqual([
      2,
      expect.stringMatching(/random-walker encodes no images/),
    ]);
  });

  it('says what is missing where there is no kubectl', async () => {
    const args = ['--image', 'a', '--volume', 'a:/a', '--tasks', '2', 'predict', 'runs/tiny'];
    const { code, stderr } = await startCli(folder, ['submit', 'kubernetes', ...args], { PATH: '' }).ended;
    expect(code).toBe(2);
    expect(stderr).toContain('There is no program kubectl');
  });
});
