/** @file What of a data set a stage depends on: images and labels apart, so that test labels touch evaluation only. */
import { hashJson } from '../base/hash.ts';
import type { CheckedDataset } from '../dataset/check.ts';
import { casesOf, type SplitName } from '../dataset/types.ts';
import { rleToString } from '../masks/rle.ts';

/** Hash of the names, contents and sizes of the images of some splits. */
export function imagesFingerprint(checked: CheckedDataset, splits: readonly SplitName[]): string {
  return hashJson(
    splits.map((split) =>
      casesOf(checked.dataset, split).map(({ id, size }) => [id, checked.imageHashes.get(id), size]),
    ),
  );
}

/** Hash of what people said about single classes of unlabelled images; undefined where nobody did. */
export function reviewsFingerprint({ dataset }: CheckedDataset): string | undefined {
  const said = casesOf(dataset, 'unlabelled').flatMap(({ id, reviewed = [] }) =>
    reviewed.map(({ classIndex, rle }) => [id, classIndex, rle === undefined ? null : rleToString(rle)]),
  );
  return said.length === 0 ? undefined : hashJson(said);
}

/** Hash of the class list and the masks of some splits. */
export function labelsFingerprint({ dataset }: CheckedDataset, splits: readonly SplitName[]): string {
  const masks = splits.map((split) =>
    casesOf(dataset, split).map(({ id, structures }) => [
      id,
      structures?.map(({ classIndex, rle }) => [classIndex, rleToString(rle)]),
    ]),
  );
  return hashJson([dataset.classes, dataset.mirroredPairs, masks]);
}
