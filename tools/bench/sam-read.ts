/**
 * @file Time to read a stored embedding, of a model of SAM's size and of SAM-HQ, which keeps three times as much. The first
 * read of a process is the slowest: so each measurement is a process of its own.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createRng } from '../../src/base/rng.ts';
import { featureShapes } from '../../src/sam/image-encoder.ts';
import { openEmbeddingStore } from '../../src/sam/store.ts';
import { elementCount, float32 } from '../../src/tensor/array.ts';
import { median } from './figures.ts';
import { samConfig } from './sam-models.ts';
import type { ReadFigures, ReadTask } from './sam-read-once.ts';

/** By model the medians of all processes: wall and processor time of the first read and of the later ones, in ms. */
export async function benchSamRead({
  repeats,
}: {
  readonly repeats: number;
}): Promise<Readonly<Record<string, number>>> {
  const folder = await mkdtemp(join(tmpdir(), 'packmule-embedding-'));
  try {
    const sam = samConfig('b');
    return {
      ...(await readModel(join(folder, 'sam'), 'sam', featureShapes(sam), repeats)),
      ...(await readModel(
        join(folder, 'hq'),
        'sam_hq',
        featureShapes({ ...sam, highQuality: true }),
        repeats,
      )),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readModel(folder: string, name: string, shapes: ReadTask['shapes'], repeats: number) {
  const rng = createRng(1);
  const features = Object.entries(shapes).map(([key, shape]) => {
    const values = Float32Array.from({ length: elementCount(shape) }, () => 0.1 * rng.normal());
    return [key, float32(shape, values)] as const;
  });
  await openEmbeddingStore(folder).put('model', 'image', Object.fromEntries(features));
  const all: ReadFigures[] = [];
  for (let i = 0; i < repeats; i++)
    all.push(await readElsewhere({ folder, model: 'model', image: 'image', shapes }));
  const keys = Object.keys(all[0]!) as (keyof ReadFigures)[];
  return Object.fromEntries(
    keys.map((key) => [`${name}_${key}`, Number(median(all.map((figures) => figures[key])).toFixed(2))]),
  );
}

async function readElsewhere(task: ReadTask): Promise<ReadFigures> {
  const script = fileURLToPath(new URL('sam-read-once.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(task)]);
  return JSON.parse(stdout) as ReadFigures;
}
