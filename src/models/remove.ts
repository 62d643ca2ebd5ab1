/** @file Removing the file of a model from Packmule's own folder. */
import { rm } from 'node:fs/promises';
import { CheckpointError } from '../base/errors.ts';
import type { ModelEnvironment } from './environment.ts';
import { fileSize, locateModel, ownPath } from './locate.ts';
import type { ModelEntry } from './registry.ts';

export interface RemovedModel {
  readonly path: string;
  /** Bytes that are free again. */
  readonly bytes: number;
}

/** @throws CheckpointError where there is no file, or one that is not Packmule's to remove. */
export async function removeModel(entry: ModelEntry, environment: ModelEnvironment): Promise<RemovedModel> {
  const path = ownPath(entry, environment);
  const bytes = await fileSize(path);
  if (entry.isShipped || bytes === undefined) {
    const other = entry.isShipped ? undefined : await locateModel(entry, environment);
    throw notOurs(entry, path, other);
  }
  await rm(path);
  return { path, bytes };
}

function notOurs({ name, isShipped }: ModelEntry, path: string, other: string | undefined): CheckpointError {
  if (isShipped) {
    return new CheckpointError({
      seen: `${name} is a part of Packmule`,
      need: 'A model that was downloaded',
      fix: '`packmule models` says which are here',
    });
  }
  return new CheckpointError({
    seen: other === undefined ? `${name} is not here` : `${name} is used from ${other}`,
    need: `Packmule removes the file that it keeps itself, ${path}`,
    fix:
      other === undefined
        ? '`packmule models` says which are here; `packmule cache clear` removes unfinished downloads'
        : 'Remove that one with the tools of Hugging Face, whose cache it lies in',
  });
}
