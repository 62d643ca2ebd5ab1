/** @file The settings that were found best, in the settings file of the user. */
import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { writeFileAtomic } from '../base/files.ts';
import { decodeUtf8 } from '../base/text.ts';
import { type Edit, editConfig } from '../pipeline/edit-config.ts';
import type { RefineSettings } from '../refine/settings.ts';

/** The parts of the settings of refinement that are tuned. */
const TUNED = ['passes', 'morphology', 'randomWalker'] as const satisfies readonly (keyof RefineSettings)[];

/** What of `winner` differs from `current`, as settings of a run. */
export function editsBetween(current: RefineSettings, winner: RefineSettings): Edit[] {
  const edits: Edit[] = [];
  const compare = (path: readonly string[], before: unknown, after: unknown): void => {
    if (isDeepStrictEqual(before, after)) return;
    if (!isRecord(before) || !isRecord(after)) edits.push({ path, value: after });
    else for (const key of Object.keys(after)) compare([...path, key], before[key], after[key]);
  };
  for (const key of TUNED) compare(['refine', key], current[key], winner[key]);
  return edits;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** As of --set: `refine.morphology.radius=4`. */
export function assignments(edits: readonly Edit[]): string[] {
  return edits.map(({ path, value }) => `${path.join('.')}=${JSON.stringify(value)}`);
}

/**
 * Writes edits into a settings file, whose comments stay. Returns false, and leaves the file as it is, where it is
 * written in a way in which this cannot be done.
 */
export async function writeEdits(path: string, edits: readonly Edit[]): Promise<boolean> {
  const text = decodeUtf8(await readFile(path));
  const edited = text === undefined ? undefined : editConfig(text, edits);
  if (edited === undefined) return false;
  await writeFileAtomic(path, edited);
  return true;
}
