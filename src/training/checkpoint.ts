/** @file Saving and finding the state of a training: everything the next step depends on. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CheckpointError, PackmuleError } from '../base/errors.ts';
import { writeFileAtomic } from '../base/files.ts';
import type { Float32NdArray, NdArray } from '../tensor/array.ts';
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

const stateSchema = z.object({
  step: z.int().min(0),
  lossSum: z.number(),
  seconds: z.number(),
  rng: z.tuple([z.int(), z.int(), z.int(), z.int()]),
  curve: z.array(z.custom<EpochLog>((line) => typeof line === 'object' && line !== null)),
});

/**
 * The stored state, or undefined where there is none or it belongs to another training.
 * @throws CheckpointError where it is damaged or lacks one of the `vectors`, each of `length` numbers.
 */
export async function loadState(
  directory: string,
  key: string,
  { vectors, length }: { readonly vectors: readonly string[]; readonly length: number },
): Promise<TrainingState | undefined> {
  const path = pathOf(directory);
  if (!existsSync(path)) return undefined;
  try {
    const file = await openSafetensors(path);
    try {
      if (file.metadata.key !== key) return undefined;
      const state = stateSchema.parse(JSON.parse(file.metadata.state ?? ''));
      const stored: Record<string, Float32NdArray> = {};
      for (const name of vectors)
        stored[name] = asVector(`${path} has ${name}`, await file.read(name), length);
      return { ...state, vectors: stored };
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new CheckpointError(
      {
        seen: cause instanceof PackmuleError ? cause.seen : `${path} is damaged`,
        need: 'A checkpoint as Packmule wrote it',
        fix: 'Delete the file; the training starts again',
      },
      { cause },
    );
  }
}

/** `what` names file and array. */
function asVector(what: string, array: NdArray, length: number): Float32NdArray {
  if (isFloat32(array) && array.data.length === length) return array;
  throw new CheckpointError({
    seen: `${what} of ${array.data.length} numbers of type ${array.dtype}`,
    need: `${length} numbers of type float32`,
    fix: 'Delete the file',
  });
}

const isFloat32 = (array: NdArray): array is Float32NdArray => array.dtype === 'float32';
