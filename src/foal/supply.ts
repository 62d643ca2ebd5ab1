/** @file Training images by number, from sources of instance images. */
import { TrainingError } from '../base/errors.ts';
import { createRng } from '../base/rng.ts';
import type { InstanceImage, InstanceSource } from '../dataset/instances/types.ts';
import type { SamConfig } from '../sam/config.ts';
import { prepareImage, type TrainingImage } from './prepare.ts';

/** Images in a row that show no object that is fit, before a source is given up. */
const MOST_TRIES = 50;

/**
 * The image of a number, with `count` objects: from each source in turn, so that each gives as many. Depends on the
 * seed and the number alone.
 * @throws TrainingError where a source gives nothing to train on.
 */
export async function supplyImage(
  sources: readonly InstanceSource[],
  config: Pick<SamConfig, 'imageSize'>,
  { seed, count, index }: { readonly seed: number; readonly count: number; readonly index: number },
): Promise<TrainingImage> {
  const rng = createRng(seed).child(`image ${index}`);
  const source = sources[index % sources.length]!;
  for (let i = 0; i < MOST_TRIES; i++) {
    const prepared = prepareImage(rng, await source.sample(rng), config, count);
    if (prepared) return prepared;
  }
  throw new TrainingError({
    seen: `${MOST_TRIES} images in a row from ${source.name} show no object of a size that can be learnt from`,
    need: `Objects that cover at least 100 px of an image of ${config.imageSize} px, and not all of it`,
    fix: 'Train at a larger --size, or leave this data out',
  });
}

/** Some images of a source to measure by, the same for every training. */
export async function drawImages(source: InstanceSource, count: number): Promise<InstanceImage[]> {
  const rng = createRng(0).child('measured');
  const images: InstanceImage[] = [];
  for (let i = 0; i < count; i++) images.push(await source.sample(rng));
  return images;
}
