/** @file How the images of masks were seen, as a run and a prediction record it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../base/files.ts';
import { commonView } from '../dataset/cases.ts';
import { type DataConfig, dataSchema } from '../dataset/config.ts';
import type { ImageView } from '../dataset/types.ts';
import type { RunDirectory } from './run-directory.ts';

/** Beside the masks of `predict --images`; they may be of any images, which have no settings of their own. */
const VIEW_FILE = 'view.json';

const viewSchema = dataSchema.pick({ window: true, blacken: true }).loose();

export async function recordView(folder: string, { window, blacken }: DataConfig): Promise<void> {
  const text = JSON.stringify({ ...(window && { window }), blacken }, undefined, 2);
  await writeFileAtomic(join(folder, VIEW_FILE), `${text}\n`);
}

/** Undefined where the folder has no record, or a damaged one. */
export async function viewOfFolder(folder: string): Promise<ImageView | undefined> {
  return viewIn(await jsonOrNothing(join(folder, VIEW_FILE)));
}

/** Undefined where the run has no record, or a damaged one. */
export async function viewOfRun(run: RunDirectory): Promise<ImageView | undefined> {
  return viewIn(await recordedData(run));
}

/** The settings of the data set as the run has recorded them; undefined where it has not, or the file is damaged. */
export async function recordedData(run: RunDirectory): Promise<unknown> {
  const record = (await jsonOrNothing(run.config)) as { config?: { data?: unknown } } | null | undefined;
  return record?.config?.data;
}

function viewIn(settings: unknown): ImageView | undefined {
  const parsed = viewSchema.safeParse(settings);
  return parsed.success ? commonView(parsed.data) : undefined;
}

async function jsonOrNothing(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}
