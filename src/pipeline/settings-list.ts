/** @file The settings of a run as a list to be read and compared. */
import { basename } from 'node:path';
import type { Fact } from '../report/data.ts';
import { isTree, type RunConfig } from './config.ts';

/** By dotted name, without the folders in which things lay. */
export function listSettings(config: RunConfig): Fact[] {
  return flatten(withoutFolders(config));
}

/** A report is passed on; where the files lay on this machine is nobody's business. */
function withoutFolders({ data, sam, reviews, ...config }: RunConfig): RunConfig {
  const { model } = sam;
  return {
    ...config,
    data: { ...data, root: basename(data.root) },
    reviews: reviews.map((run) => basename(run)),
    sam: { ...sam, ...(model !== undefined && { model: basename(model) }) },
  };
}

/** Nested settings as rows of dotted names. */
function flatten(value: unknown, prefix = ''): Fact[] {
  if (!isTree(value))
    return [{ name: prefix, value: typeof value === 'string' ? value : JSON.stringify(value) }];
  return Object.entries(value).flatMap(([key, child]) =>
    flatten(child, prefix === '' ? key : `${prefix}.${key}`),
  );
}
