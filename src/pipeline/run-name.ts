/** @file What a run is called that nobody has named. */
import { basename } from 'node:path';

/** A name as settings allow it, after the folder of the data set: "bung-1" of "Übung 1". */
export function runNameOf(folder: string): string {
  const allowed = basename(folder).replace(/[^\w.-]/g, '-');
  return allowed.replace(/^[^A-Za-z0-9]+/, '') || 'run';
}
