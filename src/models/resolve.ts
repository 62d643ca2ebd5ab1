/** @file From what a user calls a model (a name of the registry, or a path) to its file. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { CheckpointError } from '../base/errors.ts';
import { hashFile } from '../base/hash.ts';
import type { Preprocessing } from '../sam/preprocess.ts';
import { type PullOptions, pullModel } from './pull.ts';
import { findModel, type ModelEntry, similarModel } from './registry.ts';

/** A model of the registry, or a file or folder of the user's own. */
export type ChosenModel = { readonly entry: ModelEntry } | { readonly path: string };

/** Names come before paths: a folder that is called as a model is reached as `./name`. */
export async function chooseModel(nameOrPath: string): Promise<ChosenModel> {
  const entry = findModel(nameOrPath);
  if (entry !== undefined) return { entry };
  const isThere = await stat(nameOrPath).then(
    () => true,
    () => false,
  );
  if (isThere) return { path: nameOrPath };
  const similar = similarModel(nameOrPath.replace(/^.*[/\\]/, ''));
  throw new CheckpointError({
    seen: `${nameOrPath} is neither a model that Packmule knows nor a file or folder`,
    need: 'A name that `packmule models` lists, a .pth file, or a folder with config.json and model.safetensors',
    fix: similar === undefined ? 'Correct the name or the path' : `Did you mean ${similar}?`,
  });
}

/** What to call it in lists: the name, or the file's. */
export function modelLabel(chosen: ChosenModel): string {
  return 'entry' in chosen ? chosen.entry.name : basename(chosen.path);
}

/** How it was trained to see images; a model of the user's own as the original, unless he says otherwise. */
export function preprocessingOf(chosen: ChosenModel): Preprocessing {
  return 'entry' in chosen ? chosen.entry.preprocessing : 'sam';
}

/** Where the model lies; one of the registry is downloaded unless it is here. Its content is not read. */
export async function modelPath(chosen: ChosenModel, options: PullOptions): Promise<string> {
  return 'path' in chosen ? chosen.path : pullModel(chosen.entry, options);
}

/** @throws CheckpointError where the file of a registry's model holds other bytes than were published. */
export async function verifyModel(chosen: ChosenModel, path: string): Promise<void> {
  if ('path' in chosen) return;
  const { name, sha256 } = chosen.entry;
  const found = await hashFile(path);
  if (found === sha256) return;
  throw new CheckpointError({
    seen: `${path} has the SHA-256 ${found}`,
    need: `The published file of ${name} has ${sha256}`,
    fix: `Delete it and get it again with \`packmule models pull ${name}\`, or name it by its path if it is yours`,
  });
}
