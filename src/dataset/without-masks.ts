/** @file A data set without the masks that something is measured by, for whoever must not learn from them. */
import type { CheckedDataset } from './check.ts';
import type { SplitName } from './types.ts';

/** The same images; those of `splits` have no masks. */
export function withoutMasks(checked: CheckedDataset, splits: readonly SplitName[]): CheckedDataset {
  const cases = checked.dataset.cases.map((item) => {
    if (!splits.includes(item.split)) return item;
    const { structures: _, ...rest } = item;
    return rest;
  });
  return { ...checked, dataset: { ...checked.dataset, cases } };
}
