/** @file What a folder is, for somebody who wants to begin with it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PackmuleError } from '../base/errors.ts';
import { checkDataset } from '../dataset/check.ts';
import type { DataConfigInput } from '../dataset/config.ts';
import { openDataset } from '../dataset/dataset.ts';
import { describeFolder, folderWarnings, summariseFolder } from '../dataset/describe.ts';
import { inspectFolder } from '../dataset/inspect.ts';
import { openLabelFolder } from '../dataset/label-folder.ts';
import { noPictures } from '../dataset/misfits.ts';
import type { Checked, Recognised } from '../desk/protocol.ts';
import { loadConfig } from '../pipeline/load-config.ts';
import { runNameOf } from '../pipeline/run-name.ts';
import { CONFIG_NAME } from '../pipeline/write-settings.ts';

/** How the images of a folder are seen: by its settings file, where it has one. @throws ConfigError for a bad one. */
export async function dataSettings(folder: string): Promise<DataConfigInput> {
  const settings = join(folder, CONFIG_NAME);
  return existsSync(settings) ? (await loadConfig(settings)).data : { root: folder };
}

/** @throws PackmuleError where a run cannot start and there is nothing to label either. */
export async function recognise(folder: string): Promise<Recognised> {
  const about = {
    folder,
    name: runNameOf(folder),
    hasSettings: existsSync(join(folder, CONFIG_NAME)),
  };
  try {
    const found = await inspectFolder(folder);
    const images = Object.values(found.counts).reduce((sum, count) => sum + count, 0);
    return {
      ...about,
      kind: 'ready',
      summary: summariseFolder(found),
      found: describeFolder(found),
      warnings: folderWarnings(found),
      images,
    };
  } catch (error) {
    if (!(error instanceof PackmuleError)) throw error;
    const bare = await openLabelFolder(await dataSettings(folder)).catch(() => undefined);
    if (bare === undefined || bare.cases.some(({ split }) => split === 'labelled')) throw error;
    const summary = [`${bare.cases.length} images without outlines.`];
    const warnings = [
      ...(bare.unreadable === 0 ? [] : [`${bare.unreadable} images cannot be read.`]),
      ...(bare.withoutPicture === 0 ? [] : [noPictures(bare.withoutPicture)]),
    ];
    return { ...about, kind: 'bare', summary, found: [], warnings, images: bare.cases.length };
  }
}

/** Looks at every file. */
export async function check(folder: string): Promise<Checked> {
  try {
    const { problems } = await checkDataset(await openDataset(await dataSettings(folder)), { skipBad: true });
    return { problems: problems.map(({ message }) => message) };
  } catch (error) {
    if (error instanceof PackmuleError) return { problems: [error.seen] };
    throw error;
  }
}
