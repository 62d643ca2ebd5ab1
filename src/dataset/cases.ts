/** @file From an image that was found to a case: its size, how it is viewed, its masks in the frame of that view. */
import type { Side } from '../imaging/reader.ts';
import type { DataConfig } from './config.ts';
import { sideFinder } from './laterality.ts';
import { headerOrNothing, type SourceImage } from './source-images.ts';
import type { DividedCase } from './split.ts';
import type { Case, ImageView } from './types.ts';
import { turnStructures } from './view.ts';

type ViewSettings = Pick<DataConfig, 'window' | 'blacken' | 'laterality'>;

/** A function that makes cases by the settings; paths in them are relative to `root`. @throws as sideFinder. */
export async function caseMaker(
  settings: ViewSettings,
  root: string,
): Promise<(item: DividedCase) => Promise<Case>> {
  const viewing = await viewingOf(settings, root);
  return (item) => toCase(item, viewing);
}

/** How all images of the settings are viewed, but for what each file tells. */
interface Viewing {
  readonly common: ImageView;
  readonly sideOf?: (image: SourceImage) => Side | undefined;
  readonly train?: Side;
}

async function viewingOf(settings: ViewSettings, root: string): Promise<Viewing> {
  const { laterality } = settings;
  const sideOf = await sideFinder(laterality, root);
  return { common: commonView(settings), ...(sideOf && { sideOf, train: laterality.train }) };
}

/** How every image of the settings is viewed, in the frame of its file. */
export function commonView({ window, blacken }: Pick<DataConfig, 'window' | 'blacken'>): ImageView {
  return { ...(window && { window }), ...(blacken.length > 0 && { blackened: blacken }) };
}

async function toCase({ image, split, size, structures }: DividedCase, viewing: Viewing): Promise<Case> {
  const { id, name, imagePath, frame } = image;
  const header = image.header ?? (size === undefined ? await headerOrNothing(imagePath) : undefined);
  const side = viewing.sideOf?.(image);
  const mirrored = side !== undefined && side !== viewing.train;
  const view: ImageView = {
    ...viewing.common,
    ...(frame !== undefined && { frame }),
    ...(mirrored && { mirrored }),
  };
  const seen = Object.keys(view).length === 0 ? {} : { view };
  return {
    id,
    name,
    imagePath,
    split,
    ...seen,
    ...(header?.spacingMm && { spacingMm: header.spacingMm }),
    ...(viewing.sideOf && side === undefined && { sideUnknown: true }),
    size: size ?? { height: header?.height ?? 0, width: header?.width ?? 0 },
    ...(structures !== undefined &&
      split !== 'unlabelled' && { structures: turnStructures(structures, seen) }),
  };
}
