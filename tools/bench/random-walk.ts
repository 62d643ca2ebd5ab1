/** @file Time and memory of refining one phantom radiograph by the random walker. */

import { ConfigError } from '../../src/base/errors.ts';
import {
  generatePhantom,
  MAX_PHANTOM_CLASSES,
  phantomClassNames,
} from '../../src/dataset/phantom/generate.ts';
import { createRefiner } from '../../src/refine/index.ts';
import { refineSettingsSchema } from '../../src/refine/settings.ts';
import { median } from './figures.ts';

export interface RandomWalkBenchOptions {
  /** Height and width in px. */
  readonly size: readonly [number, number];
  readonly classes: number;
  readonly repeats: number;
}

export interface RandomWalkBenchResult {
  readonly ms_per_image: number;
  readonly peak_rss_mb: number;
  /** Masks refined; a bone outside the picture has none. */
  readonly masks: number;
}

/** The median of all repeats. */
export async function benchRandomWalk(options: RandomWalkBenchOptions): Promise<RandomWalkBenchResult> {
  const { classes } = options;
  if (classes > MAX_PHANTOM_CLASSES) {
    throw new ConfigError({
      seen: `--classes is ${classes}`,
      need: `The phantom has ${MAX_PHANTOM_CLASSES} bones`,
      fix: `Give at most ${MAX_PHANTOM_CLASSES}`,
    });
  }
  const [height, width] = options.size;
  const { image, structures } = generatePhantom({ seed: 1, index: 0, classes, size: { height, width } });
  const initial = structures.map((structure) => ({ ...structure, score: 1 }));
  const refiner = createRefiner(refineSettingsSchema.parse({ refiner: 'random-walker' }));
  const times: number[] = [];
  for (let i = 0; i < options.repeats; i++) {
    const start = performance.now();
    await refiner.refine(image, initial, { classes: phantomClassNames(classes), imageKey: 'phantom' });
    times.push(performance.now() - start);
  }
  await refiner.close();
  return {
    ms_per_image: Math.round(median(times)),
    peak_rss_mb: Math.round(process.resourceUsage().maxRSS / 1024),
    masks: structures.length,
  };
}
