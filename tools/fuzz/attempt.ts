/** @file One attempt on a reader: read, refused by name, or a defect of ours. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PackmuleError } from '../../src/base/errors.ts';
import type { Rng } from '../../src/base/rng.ts';
import { mutate } from './mutate.ts';
import { isRefusal, type Target } from './target.ts';

export interface Attempt {
  readonly outcome: 'read' | 'refused' | 'defect';
  /** Of a defect: the error. */
  readonly error?: string;
}

/** Reads, and says what became of it. */
export async function attempt(read: () => Promise<unknown>): Promise<Attempt> {
  try {
    await read();
    return { outcome: 'read' };
  } catch (error) {
    if (error instanceof PackmuleError || isRefusal(error)) return { outcome: 'refused' };
    return {
      outcome: 'defect',
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}

/** An input of a target in a folder, of which one damaged copy after the other is read. */
export interface Patient {
  /** Damages one of the files, reads, and mends it again. */
  tryMutant(rng: Rng): Promise<Attempt>;
  /** Paths in the folder that were not there before: no reader writes anything. */
  strays(): Promise<string[]>;
}

/** Makes the sound input, which must be read. */
export async function openPatient(target: Target, folder: string): Promise<Patient> {
  const path = await target.make(folder);
  await target.read(path);
  const before = await filesOf(folder);
  const damaged = before.filter((file) => target.spared?.test(file) !== true);
  const originals = new Map(
    await Promise.all(damaged.map(async (file) => [file, await readFile(file)] as const)),
  );
  return {
    tryMutant: async (rng) => {
      const file = damaged[rng.below(damaged.length)]!;
      const original = originals.get(file)!;
      await writeFile(file, mutate(original, rng, target.kind));
      const result = await attempt(() => target.read(path));
      await writeFile(file, original);
      return result;
    },
    strays: async () => (await filesOf(folder)).filter((file) => !before.includes(file)),
  };
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
