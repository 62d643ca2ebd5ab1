/** @file Training images by number, from sources of instance images. */
import { TrainingError } from '../base/errors.ts';
import { createRng, type Rng } from '../base/rng.ts';
import type { InstanceImage, InstanceSource } from '../dataset/instances/types.ts';
import type { SamConfig } from '../sam/config.ts';
import { prepareImage, type TrainingImage, type Views } from './prepare.ts';

/** Views that each drawn image is seen in: drawing one takes several times as long as a view of it. */
const VIEWS = 3;
/** Drawn images that take turns, so that views of one lie apart. */
const GROUP = 8;
/** Objects that are kept of a drawn image. */
const MOST_OBJECTS = 24;
/** Views in a row that show no object that is fit, before a source is given up; the first few are of one image. */
const MOST_TRIES = 50;
const TRIES_OF_ONE = 5;

export interface SupplyOptions {
  readonly sources: readonly InstanceSource[];
  readonly config: Pick<SamConfig, 'imageSize'>;
  /** Objects of each image. */
  readonly count: number;
  readonly seed: number;
  /** Default: any. */
  readonly views?: Views;
}

/**
 * The image of a number, from each source in turn; it depends on the seed and the number alone.
 * @throws TrainingError where a source gives nothing to train on.
 */
export type Supply = (index: number) => Promise<TrainingImage>;

export function openSupply({ sources, config, count, seed, views = 'any' }: SupplyOptions): Supply {
  /** The images of each source that are seen now, by their number. */
  const drawn = sources.map(() => new Map<number, InstanceImage>());

  const draw = async (which: number, number: number): Promise<InstanceImage> => {
    const held = drawn[which]!;
    for (const old of held.keys()) if (Math.abs(old - number) >= GROUP) held.delete(old);
    const known = held.get(number);
    if (known) return known;
    const rng = createRng(seed).child(`draw ${which} ${number}`);
    const kept = someObjects(rng, await sources[which]!.sample(rng));
    held.set(number, kept);
    return kept;
  };

  return async (index) => {
    const which = index % sources.length;
    const turn = Math.floor(index / sources.length);
    const number = Math.floor(turn / (GROUP * VIEWS)) * GROUP + (turn % GROUP);
    const rng = createRng(seed).child(`view ${index}`);
    for (let i = 0; i < MOST_TRIES; i++) {
      const image = i < TRIES_OF_ONE ? await draw(which, number) : await sources[which]!.sample(rng);
      const prepared = prepareImage(rng, image, config, count, views);
      if (prepared) return prepared;
    }
    throw new TrainingError({
      seen: `${MOST_TRIES} views in a row of ${sources[which]!.name} show no object of a size that can be learnt from`,
      need: `Objects that cover at least 100 px of an image of ${config.imageSize} px, and not all of it`,
      fix: 'Train at a larger --size, or leave this data out',
    });
  };
}

/** The image with as many of its objects as are kept. */
function someObjects(rng: Rng, { image, objects, roughs }: InstanceImage): InstanceImage {
  const kept = rng.shuffled([...objects.keys()]).slice(0, MOST_OBJECTS);
  return {
    image,
    objects: kept.map((at) => objects[at]!),
    ...(roughs && { roughs: kept.map((at) => roughs[at]) }),
  };
}

/** Some images of a source to measure by, the same for every training. */
export async function drawImages(source: InstanceSource, count: number): Promise<InstanceImage[]> {
  const rng = createRng(0).child('measured');
  const images: InstanceImage[] = [];
  for (let i = 0; i < count; i++) images.push(await source.sample(rng));
  return images;
}
