/**
 * @file One part of the load bench in a process of its own, so that its peak memory is its own: does a run up to a
 * stage, or checks its data alone, and prints time and memory as a line of JSON.
 */
import { checkDataset } from '../../src/dataset/check.ts';
import { openDataset } from '../../src/dataset/dataset.ts';
import { resolveConfig } from '../../src/pipeline/load-config.ts';
import { silentObserver } from '../../src/pipeline/observer.ts';
import { type LastStage, runPipeline } from '../../src/pipeline/run.ts';
import { peakRssGb } from './figures.ts';

export interface LoadTask {
  /** Settings as of a settings file. */
  readonly settings: Record<string, unknown>;
  /** The run directory. */
  readonly folder: string;
  readonly until: 'check' | LastStage;
}

export interface LoadFigures {
  /** Of each stage that was done, s. */
  readonly seconds: Readonly<Record<string, number>>;
  /** Of all threads of the process, s: what other work on the machine does not change. */
  readonly cpuSeconds: number;
  /** Peak of the process, GB. */
  readonly memoryGb: number;
}

async function doTask({ settings, folder, until }: LoadTask): Promise<Record<string, number>> {
  const config = resolveConfig(settings, '/');
  if (until === 'check') {
    const start = performance.now();
    await checkDataset(await openDataset(config.data));
    return { check: (performance.now() - start) / 1000 };
  }
  const { stages } = await runPipeline(config, { folder, until, observer: silentObserver });
  return Object.fromEntries(
    stages.flatMap(({ name, skipped, seconds }) => (skipped ? [] : [[name, seconds] as const])),
  );
}

const seconds = await doTask(JSON.parse(process.argv[2]!) as LoadTask);
const { user, system } = process.cpuUsage();
const figures: LoadFigures = { seconds, cpuSeconds: (user + system) / 1e6, memoryGb: peakRssGb() };
process.stdout.write(`${JSON.stringify(figures)}\n`);
