/** @file Sources of instance images: scenes without end, random views of a folder's images, and mixtures of sources. */
import { DatasetError } from '../../base/errors.ts';
import type { Size } from '../../base/geometry.ts';
import { pickWeighted } from '../scenes/draws.ts';
import { drawScene } from '../scenes/generate.ts';
import { type InstanceCase, objectsOf, readLabelledImage } from './folder.ts';
import type { InstanceSource } from './types.ts';
import { randomView } from './warp.ts';

/** Scenes of the given size, each another. */
export function sceneSource(size: Size): InstanceSource {
  return { name: 'scenes', sample: async (rng) => drawScene(rng, size) };
}

/** Views that show no object are drawn again, this often at most. */
const MOST_TRIES = 50;

/**
 * Random views of the cases, of the given size; objects of which less than `smallestArea` px is seen are left out.
 * Sampling throws as readLabelledImage, and a DatasetError when view after view shows no object.
 */
export function folderSource(
  name: string,
  cases: readonly InstanceCase[],
  size: Size,
  smallestArea: number,
): InstanceSource {
  if (cases.length === 0) {
    throw new DatasetError({
      seen: `The source ${name} has no images`,
      need: 'A source has at least one image to draw from',
      fix: 'Add images, or hold fewer of them out',
    });
  }
  return {
    name,
    sample: async (rng) => {
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        const view = randomView(rng, await readLabelledImage(cases[rng.below(cases.length)]!), size);
        const objects = objectsOf(view.labels, size, smallestArea);
        if (objects.length > 0) return { image: { ...size, bits: 8, data: view.grey }, objects };
      }
      throw new DatasetError({
        seen: `${MOST_TRIES} views of images of ${name} show no object of ${smallestArea} px or more`,
        need: 'Images to learn from show objects',
        fix: 'Check the instance maps, or lower the smallest area',
      });
    },
  };
}

/** Draws from one of the sources each time, from each as often as its weight says. */
export function mixSources(
  parts: readonly { readonly weight: number; readonly source: InstanceSource }[],
): InstanceSource {
  if (parts.length === 0 || parts.some(({ weight }) => !(weight > 0 && Number.isFinite(weight)))) {
    throw new DatasetError({
      seen: `A mixture has the weights ${parts.map(({ weight }) => weight).join(', ') || '(none)'}`,
      need: 'A mixture has at least one source, and every weight is a finite number above 0',
      fix: 'Leave out sources that are not to be used',
    });
  }
  const choices = parts.map(({ weight, source }) => [weight, source] as const);
  return {
    name: parts.map(({ source }) => source.name).join(' + '),
    sample: (rng) => pickWeighted(rng, choices).sample(rng),
  };
}
