/** @file Renaming a file to its final name, also where Windows forbids it for as long as another program has one of the two open. */
import { rename } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { systemCode } from './system-code.ts';

/** What renames, and how it waits; this machine's by default. */
export interface Renaming {
  readonly platform: NodeJS.Platform;
  readonly rename: (from: string, to: string) => Promise<void>;
  readonly wait: (ms: number) => Promise<unknown>;
}

/** What Windows says of a file that a virus scanner, a synchronising folder or Excel has open. */
const HELD: readonly (string | undefined)[] = ['EPERM', 'EACCES', 'EBUSY'];

/** 5 s in all: a scanner is done with a file long before, and what is left open by a person is open for longer. */
const PAUSES_MS = [20, 40, 80, 160, 320, 640, 1280, 2460];

/** Renames a file, in the place of another where there is one. Throws as the system does. */
export async function renameFile(
  from: string,
  to: string,
  machine: Renaming = { platform: process.platform, rename, wait },
): Promise<void> {
  const pauses = machine.platform === 'win32' ? PAUSES_MS : [];
  for (const ms of pauses) {
    try {
      return await machine.rename(from, to);
    } catch (cause) {
      if (!HELD.includes(systemCode(cause))) throw cause;
    }
    await machine.wait(ms);
  }
  return machine.rename(from, to);
}
