/** @file One process of the bench of reads: opens a store, reads an embedding again and again, prints what it took. */
import { type FeatureShapes, openEmbeddingStore } from '../../src/sam/store.ts';
import { median } from './figures.ts';

export interface ReadTask {
  readonly folder: string;
  /** The keys under which the embedding is stored. */
  readonly model: string;
  readonly image: string;
  readonly shapes: FeatureShapes;
}

/** In ms: what opening the store takes, the first read, and the median of the later ones. */
export interface ReadFigures {
  readonly open_cpu_ms: number;
  readonly first_ms: number;
  readonly first_cpu_ms: number;
  readonly later_ms: number;
  readonly later_cpu_ms: number;
}

const LATER_READS = 20;

/** By the clock, and of all threads of the process. */
interface Times {
  readonly ms: number;
  readonly cpuMs: number;
}

/** What work gives is dropped, so that memory is used again. */
async function timed(work: () => unknown): Promise<Times> {
  const [start, before] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return { ms: performance.now() - start, cpuMs: (user + system) / 1000 };
}

async function doTask({ folder, model, image, shapes }: ReadTask): Promise<ReadFigures> {
  const open = await timed(() => openEmbeddingStore(folder));
  const store = openEmbeddingStore(folder);
  const read = () => timed(() => store.get(model, image, shapes));
  const first = await read();
  const later: Times[] = [];
  for (let i = 0; i < LATER_READS; i++) later.push(await read());
  return {
    open_cpu_ms: open.cpuMs,
    first_ms: first.ms,
    first_cpu_ms: first.cpuMs,
    later_ms: median(later.map(({ ms }) => ms)),
    later_cpu_ms: median(later.map(({ cpuMs }) => cpuMs)),
  };
}

process.stdout.write(`${JSON.stringify(await doTask(JSON.parse(process.argv[2]!) as ReadTask))}\n`);
