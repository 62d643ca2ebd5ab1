import { readdirSync, readFileSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { runCli, startCli } from '../cli/program.ts';
import { TINY_SETTINGS, writeTinyData } from '../pipeline/tiny.ts';
import { temporaryFolder } from '../temporary.ts';
import { type Slurm, startSlurm, until, whyNoSlurm } from './slurm-daemons.ts';

const why = whyNoSlurm();

// Many processes one after the other, which a busy machine starts slowly.
const PATIENCE_MS = 300_000;

describe.skipIf(why !== undefined)(`a real Slurm${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  let folder = '';
  let slurm: Slurm;
  const at = (...parts: string[]): string => join(folder, ...parts);

  beforeAll(async () => {
    folder = await temporaryFolder();
    await mkdir(at('slurm'));
    slurm = await startSlurm(at('slurm'));
    await writeTinyData(at('data'), { labelled: 4, val: 2, test: 2, unlabelled: 40 });
    // Masks are refined many times over, so that there is time to kill a task half-way.
    const refine = { refiner: 'random-walker', ensemble: { jitters: 12 } };
    const settings = { name: 'tiny', data: { root: at('data') }, ...TINY_SETTINGS, refine };
    await writeFile(at('packmule.yaml'), stringify(settings));
    const adapted = await runCli(folder, 'adapt');
    expect(adapted.code, adapted.stderr).toBe(0);
    await cp(at('runs', 'tiny'), at('whole', 'tiny'), { recursive: true });
  }, PATIENCE_MS);
  afterAll(() => slurm?.stop());

  /** Lines in the journals of a part. */
  function journalled(part: string): number {
    const stages = at('runs', 'tiny', 'stages');
    return readdirSync(stages)
      .filter((name) => name.startsWith('refine-'))
      .flatMap((name) => readdirSync(join(stages, name)).map((file) => join(stages, name, file)))
      .filter((path) => path.includes(`/${part}-`))
      .reduce((sum, path) => sum + readFileSync(path, 'utf8').split('\n').length - 1, 0);
  }

  it(
    'does an array job of which one task is killed half-way, to the bytes of an undivided run',
    async () => {
      const submitted = startCli(
        folder,
        ['submit', 'slurm', '--tasks', '3', '--retries', '1', '--every', '1', 'refine', 'runs/tiny'],
        slurm.variables,
      );
      await until(() => journalled('2-of-3') >= 3, 'the second task does nothing');
      const [job] = slurm.ask('squeue', '--noheader', '--format=%A').trim().split('\n');
      const array = slurm.ask('squeue', '--noheader', '--format=%F', `--jobs=${job}`).trim();
      slurm.ask('scancel', '--signal=KILL', '--full', `${array}_2`);
      const whole = await runCli(folder, 'refine', 'whole/tiny');
      expect(whole.code, whole.stderr).toBe(0);

      const { code, stderr, stdout } = await submitted.ended;
      expect(code, stderr).toBe(0);
      expect(stderr).toMatch(/Submitted as \d+: again tasks 2\./);
      expect(stdout).toContain('put together: packmule refine runs/tiny');
      for (const file of ['annotations.json', 'val.json', 'test.json']) {
        expect(await readFile(at('runs', 'tiny', 'refined', file), 'utf8')).toBe(
          await readFile(at('whole', 'tiny', 'refined', file), 'utf8'),
        );
      }
      expect(await readdir(at('jobs'))).toEqual([]);
    },
    PATIENCE_MS,
  );

  it(
    'divides the cells of a benchmark, and measures them',
    async () => {
      const benchmark = ['benchmark', 'packmule.yaml', '--methods', 'unet', '--labels', '2,4'];
      const { code, stderr, stdout } = await startCli(
        folder,
        ['submit', 'slurm', '--tasks', '2', '--every', '1', ...benchmark, '--out', 'divided'],
        slurm.variables,
      ).ended;
      expect(code, stderr).toBe(0);
      expect(stdout).toContain('put together: packmule benchmark packmule.yaml');
      // The tables were made of what the tasks did: the last process trained nothing.
      expect(await readFile(at('divided', 'log.jsonl'), 'utf8').catch(() => '')).not.toContain(
        'work finished',
      );
      const whole = await runCli(folder, ...benchmark, '--jobs', '1', '--out', 'undivided');
      expect(whole.code, whole.stderr).toBe(0);
      for (const file of ['benchmark.json', 'figures.csv']) {
        expect(await readFile(at('divided', file), 'utf8')).toBe(
          await readFile(at('undivided', file), 'utf8'),
        );
      }
    },
    PATIENCE_MS,
  );

  it(
    'submits nothing again that the user has to correct, and shows what the task says',
    async () => {
      await writeFile(
        at('other.yaml'),
        stringify({ ...TINY_SETTINGS, name: 'untrained', data: { root: at('data') } }),
      );
      const args = ['submit', 'slurm', '--tasks', '2', '--every', '1', 'predict', 'other.yaml'];
      const { code, stderr } = await startCli(folder, args, slurm.variables).ended;
      expect(code).toBe(2);
      expect(stderr).toContain('2 of 2 tasks failed');
      expect(stderr).toContain('packmule train');
      expect(stderr).not.toContain('again tasks');
    },
    PATIENCE_MS,
  );
});
