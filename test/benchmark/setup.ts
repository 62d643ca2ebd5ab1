/** @file What methods are composed from, without data behind it. */
import type { Setup } from '../../src/benchmark/setup.ts';
import type { Images } from '../../src/benchmark/work.ts';
import type { DatasetStatistics } from '../../src/dataset/statistics.ts';
import type { Case } from '../../src/dataset/types.ts';
import type { SamChoice } from '../../src/pipeline/sam-model.ts';
import { renamed, rowOf } from '../atlas/row.ts';
import { tinyConfig } from '../pipeline/tiny.ts';

export const COUNTS = [2, 5, 9];

/** Nine labelled images, `set` as of --set. An atlas suits the first ones, but not all nine. */
export function bareSetup(set: readonly string[] = []): Setup {
  const choice: SamChoice = { chosen: { path: 'none' }, preprocessing: 'sam', precision: 'float32' };
  const images = (count: number, fingerprint: string): Images => ({ count, fingerprint });
  return {
    config: tinyConfig('/none', ['training.epochs=8', ...set]),
    checked: {
      dataset: { root: '/none', classes: ['a', 'b'], cases: [] },
      problems: [],
      doubts: [],
      imageHashes: new Map(),
      fingerprint: '',
    },
    compute: { threads: 1, device: 'cpu' },
    lessons: new Map(
      COUNTS.map((count) => [
        count,
        {
          cases: casesOf(count),
          images: images(count, `first ${count}`),
          statistics: statisticsOf(count),
        },
      ]),
    ),
    images: {
      labelled: images(9, 'labelled'),
      val: images(3, 'val'),
      test: images(4, 'test'),
      unlabelled: images(20, 'unlabelled'),
    },
    models: {
      foal: { choice, key: 'key of foal' },
      sam: { choice, key: 'key of sam' },
      medsam: { choice, key: 'key of medsam' },
    },
    embeddings: '/none',
  };
}

function casesOf(count: number): Case[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `image ${i}`,
    name: `image ${i}`,
    imagePath: '/none',
    split: 'labelled',
    // The later ones call the same blocks by other names.
    ...renamed(rowOf([0, 1]), i < 5 ? [0, 1] : [1, 0]),
  }));
}

function statisticsOf(images: number): DatasetStatistics {
  return {
    images,
    mean: 0.4 + images / 100,
    std: 0.2,
    medianHeight: 64,
    medianWidth: 64,
    classFrequency: [1, 1],
    objectShortSide: { p5: 8, p25: 9, median: 10, p75: 11, p95: 12 },
    overlapFraction: 0,
    foregroundFraction: 0.3,
  };
}
