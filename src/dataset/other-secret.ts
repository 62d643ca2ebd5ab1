/**
 * @file Hashes that another account gave. A second account, or the same person on another computer, has a secret of its
 * own, under which the same images have other names: what was kept by the first ones would be about no image.
 */
import { DatasetError } from '../base/errors.ts';
import { withoutEnding } from '../imaging/file-names.ts';
import { isHashedName, secretPath } from './ids.ts';

/**
 * `names` are those by which `source` calls images.
 * @throws DatasetError where hashes are among them, and none of them is that of an image here, though these have hashes.
 */
export function requireOwnHashes(
  source: string,
  names: readonly string[],
  images: readonly { readonly id: string }[],
): void {
  const own = new Set(images.map(({ id }) => id).filter(isHashedName));
  const told = names.map(withoutEnding).filter(isHashedName);
  if (own.size === 0 || told.length === 0 || told.some((name) => own.has(name))) return;
  throw new DatasetError({
    seen: `${source} calls images by hashes, such as ${told[0]}, and no image here has one of them`,
    need: `The secret under which they were named: that of the account or computer where ${source} was made`,
    fix: `Copy the file id-secret from there to ${secretPath()} (keep the old one if it has named results); if the images are gone instead, move ${source} elsewhere`,
  });
}
