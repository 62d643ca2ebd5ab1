/**
 * @file What rooms are made of, as a word: where it is another one, the room is opened anew. What a room itself writes is
 * no part of it.
 */
import { stat } from 'node:fs/promises';
import { hashJson } from '../base/hash.ts';
import type { DataConfigInput } from '../dataset/config.ts';
import { parseConfig } from '../dataset/dataset.ts';
import { findLayout } from '../dataset/layout.ts';
import { readRecordedConfig } from '../pipeline/recorded-config.ts';
import { runDirectory } from '../pipeline/run-directory.ts';
import { reviewedFiles } from './review-room.ts';

/** Of a review: settings, masks, trust, images with their annotations, decisions of earlier rounds. @throws PackmuleError as openReview. */
export async function reviewStamp(folder: string): Promise<string> {
  const run = runDirectory(folder);
  const config = await readRecordedConfig(run);
  const { sources, lists } = await findLayout(config.data);
  const files = [
    ...reviewedFiles(run),
    ...sources.flatMap(({ annotations = [] }) => annotations),
    ...Object.values(lists),
    ...config.reviews.map((earlier) => runDirectory(earlier).decisions),
  ];
  return hashJson([config, sources, await Promise.all(files.map(fileState))]);
}

/** Of labels: how images are seen, and which there are. @throws PackmuleError as openLabels. */
export async function labelsStamp(data: DataConfigInput): Promise<string> {
  const { sources } = await findLayout(parseConfig(data));
  return hashJson([data, sources.map(({ imagesFolder, imageFiles }) => [imagesFolder, imageFiles])]);
}

async function fileState(path: string): Promise<unknown> {
  const found = await stat(path).catch(() => undefined);
  return [path, found?.size ?? null, found?.mtimeMs ?? null];
}
