/** @file Saving and finding the state of a training: everything the next step depends on. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CheckpointError, PackmuleError } from '../base/errors.ts';
import { writeFileAtomic } from '../base/files.ts';
import type { Float32NdArray, NdArray } from '../tensor/array.ts';
import { encodeSafetensors, openSafetensors } from '../tensor/safetensors.ts';
import type { EpochLog } from './types.ts';

/** The arrays of a state by name: parameters, optimizer state, average and whatever else the next step depends on. */
interface StateVectors {
  readonly vectors: Readonly<Record<string, Float32NdArray>>;
}

/** The state of a training in epochs. */
export type TrainingState = z.infer<typeof trainingState> & StateVectors;

const pathOf = (directory: string): string => join(directory, 'checkpoint', 'state.safetensors');

/** `key` tells the training (settings, data, seed) the state belongs to. */
export async function saveState<State extends StateVectors>(
  directory: string,
  key: string,
  state: State,
): Promise<void> {
  const { vectors, ...rest } = state;
  const bytes = encodeSafetensors(new Map(Object.entries(vectors)), { key, state: JSON.stringify(rest) });
  await writeFileAtomic(pathOf(directory), bytes);
}

/** Lines of a log, as they were written. */
export const logLines = <Line extends object>() =>
  z.array(z.custom<Line>((line) => typeof line === 'object' && line !== null));

export const trainingState = z.object({
  /** Steps done. */
  step: z.int().min(0),
  /** Sum of the losses of the current epoch's steps. */
  lossSum: z.number(),
  /** Training time so far, s. */
  seconds: z.number(),
  rng: z.tuple([z.int(), z.int(), z.int(), z.int()]),
  curve: logLines<EpochLog>(),
});

/** What a stored state must hold: the plain part, and arrays of so many numbers by name. */
export interface StateForm<State> {
  readonly schema: z.ZodType<State>;
  readonly lengths: Readonly<Record<string, number>>;
}

/**
 * The stored state, or undefined where there is none or it belongs to another training.
 * @throws CheckpointError where it is damaged or of another form.
 */
export async function loadState<State extends object>(
  directory: string,
  key: string,
  { schema, lengths }: StateForm<State>,
): Promise<(State & StateVectors) | undefined> {
  const path = pathOf(directory);
  if (!existsSync(path)) return undefined;
  try {
    const file = await openSafetensors(path);
    try {
      if (file.metadata.key !== key) return undefined;
      const state = schema.parse(JSON.parse(file.metadata.state ?? ''));
      const stored: Record<string, Float32NdArray> = {};
      for (const [name, length] of Object.entries(lengths))
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
