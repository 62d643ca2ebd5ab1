/** @file How the image of a case is made from its file, and the ways between its frame and that of the file. */
import type { Structure } from '../annotations/types.ts';
import { DatasetError } from '../base/errors.ts';
import { hashJson } from '../base/hash.ts';
import { blackened, mirrorImage } from '../imaging/edit.ts';
import type { Image } from '../imaging/image.ts';
import { decodeImage } from '../imaging/read.ts';
import { mirrorRle } from '../masks/mirror.ts';
import { readCaseFile } from './case-file.ts';
import type { Case } from './types.ts';

type Viewed = Pick<Case, 'imagePath' | 'view'>;

/** The image of a case. @throws ImageError as readImage, DatasetError where the file is not the one that was checked. */
export async function readCase(item: Viewed & Pick<Case, 'fileHash'>): Promise<Image> {
  const { imagePath, fileHash } = item;
  const { bytes, hash } = await readCaseFile(item);
  if (fileHash !== undefined && hash !== fileHash) {
    throw new DatasetError({
      seen: `${imagePath} was replaced or changed while the run was working`,
      need: 'The images stay what they were when the run began',
      fix: 'Start the same command again: what depends on the image is done again',
    });
  }
  return decodeCase(bytes, item);
}

/** readCase for a file that is in memory; `onDoubt` as of ReadImageOptions. */
export async function decodeCase(
  bytes: Uint8Array,
  { imagePath, view = {} }: Viewed,
  onDoubt?: (doubt: string) => void,
): Promise<Image> {
  const image = await decodeImage(bytes, imagePath, { ...view, ...(onDoubt && { onDoubt }) });
  const clean = view.blackened === undefined ? image : blackened(image, view.blackened);
  return view.mirrored ? mirrorImage(clean) : clean;
}

/** Hash of what is seen, from that of the file. */
export function hashOfView(fileHash: string, { view }: Pick<Case, 'view'>): string {
  return view === undefined ? fileHash : hashJson([fileHash, view]);
}

/** Structures from the frame of the file to that of the case, or back. */
export function turnStructures<S extends Pick<Structure, 'rle'>>(
  structures: readonly S[],
  { view }: Pick<Case, 'view'>,
): readonly S[] {
  if (!view?.mirrored) return structures;
  return structures.map((structure) => ({ ...structure, rle: mirrorRle(structure.rle) }));
}
