/**
 * @file What a class-agnostic promptable model learns from: images with the masks of single objects, drawn one at a
 * time from sources that may be endless.
 */
import type { Rng } from '../../base/rng.ts';
import type { Image } from '../../imaging/image.ts';
import type { Mask } from '../../masks/mask.ts';

export interface InstanceImage {
  readonly image: Image;
  /** One mask for each object, of the image's size, none empty; they may overlap. */
  readonly objects: readonly Mask[];
  /** Rough masks of the same objects, as a network drew them; undefined for those that it did not find. */
  readonly roughs?: readonly (Mask | undefined)[];
}

/** Where instance images come from. */
export interface InstanceSource {
  /** For logs, such as `scenes` or a folder's name. */
  readonly name: string;
  /** The next image. Equal states of `rng` give equal images. */
  sample(rng: Rng): Promise<InstanceImage>;
}
