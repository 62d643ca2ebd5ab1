/** @file Is a model here? In Packmule's own folder, or in the cache of the Hugging Face hub's tools. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PACKAGE_FOLDER } from '../base/version.ts';
import type { ModelEnvironment } from './environment.ts';
import type { HubFile, ModelEntry } from './registry.ts';

/** Where Packmule keeps the file of a model, whether or not it is there. */
export function ownPath({ file, isShipped }: ModelEntry, { folder }: ModelEnvironment): string {
  return isShipped ? join(PACKAGE_FOLDER, 'weights', file) : join(folder, file);
}

/** The path of a file of the right size; its content is not read. */
export async function locateModel(
  entry: ModelEntry,
  environment: ModelEnvironment,
): Promise<string | undefined> {
  const own = ownPath(entry, environment);
  if ((await fileSize(own)) === entry.bytes) return own;
  for (const source of entry.sources) {
    if (typeof source === 'string') continue;
    for (const path of await cachedFiles(source, environment.hubCache)) {
      if ((await fileSize(path)) === entry.bytes) return path;
    }
  }
  return undefined;
}

/** Bytes of a file, or undefined where there is none. */
export async function fileSize(path: string): Promise<number | undefined> {
  return stat(path).then(
    (stats) => (stats.isFile() ? stats.size : undefined),
    () => undefined,
  );
}

/**
 * Where the hub's tools would have put a file: `models--owner--name/snapshots/<commit>/<path>`
 * (https://huggingface.co/docs/huggingface_hub/guides/manage-cache).
 */
async function cachedFiles({ repository, path }: HubFile, cache: string): Promise<string[]> {
  const isSpace = repository.startsWith('spaces/');
  const folder = (isSpace ? repository : `models/${repository}`).replaceAll('/', '--');
  const snapshots = join(cache, folder, 'snapshots');
  const commits = await readdir(snapshots).catch(() => []);
  return commits.map((commit) => join(snapshots, commit, ...path.split('/')));
}
