/** @file Saving and finding the state of a training: everything the next step depends on. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CheckpointError } from '../base/errors.ts';
import { writeFileAtomic } from '../base/files.ts';
import type { Float32NdArray } from '../tensor/array.ts';
import { encodeSafetensors, openSafetensors } from '../tensor/safetensors.ts';
import type { EpochLog } from './types.ts';

export interface TrainingState {
  /** Steps done. */
  readonly step: number;
  /** Sum of the losses of the current epoch's steps. */
  readonly lossSum: number;
  /** Training time so far, s. */
  readonly seconds: number;
  readonly rng: readonly [number, number, number, number];
  readonly curve: readonly EpochLog[];
  /** Parameters, optimizer state and average, by name. */
  readonly vectors: Readonly<Record<string, Float32NdArray>>;
}

const pathOf = (directory: string): string => join(directory, 'checkpoint', 'state.safetensors');

/** `key` tells the training (settings, data, seed) the state belongs to. */
export async function saveState(directory: string, key: string, state: TrainingState): Promise<void> {
  const { vectors, ...rest } = state;
  const bytes = encodeSafetensors(new Map(Object.entries(vectors)), { key, state: JSON.stringify(rest) });
  await writeFileAtomic(pathOf(directory), bytes);
}

/** The stored state, or undefined where there is none or it belongs to another training. */
export async function loadState(directory: string, key: string): Promise<TrainingState | undefined> {
  const path = pathOf(directory);
  if (!existsSync(path)) return undefined;
  const file = await openSafetensors(path);
  try {
    if (file.metadata.key !== key) return undefined;
    const vectors: Record<string, Float32NdArray> = {};
    for (const name of file.entries.keys()) vectors[name] = (await file.read(name)) as Float32NdArray;
    return { ...(JSON.parse(file.metadata.state ?? '') as Omit<TrainingState, 'vectors'>), vectors };
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new CheckpointError(
      {
        seen: `The checkpoint ${path} is damaged: ${cause.message}`,
        need: 'A checkpoint as Packmule wrote it',
        fix: 'Delete the file; the training starts again',
      },
      { cause },
    );
  } finally {
    await file.close();
  }
}
