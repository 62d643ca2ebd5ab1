/** @file A commented settings file for a data set that was looked at. */
import { dirname, relative } from 'node:path';
import { writeFileAtomic } from '../base/files.ts';
import { describeFolder } from '../dataset/describe.ts';
import type { FolderInspection } from '../dataset/inspect.ts';
import type { Tree } from './config.ts';
import { describeConfig } from './describe-config.ts';
import { resolveConfig } from './load-config.ts';
import { runNameOf } from './run-name.ts';

/** The settings file of a data set, where it lies in its folder. */
export const CONFIG_NAME = 'packmule.yaml';

/**
 * Writes settings with `more` of them set; the rest stands there to be looked up.
 * @throws ConfigError for impossible settings, RunError where the file cannot be written.
 */
export async function writeSettings(path: string, found: FolderInspection, more: Tree = {}): Promise<void> {
  const folder = dirname(path);
  const settings = {
    name: runNameOf(found.root),
    data: { root: relative(folder, found.root) || '.' },
    ...more,
  };
  resolveConfig(settings, folder);
  const head = [
    'Settings of Packmule. Remove a # in front of a setting to change it; paths are relative to this file.',
    ...describeFolder(found),
  ];
  await writeFileAtomic(path, describeConfig(settings, head));
}
