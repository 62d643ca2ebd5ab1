/** @file Reading what a stage has written down of what came of it. */
import { readFile } from 'node:fs/promises';
import { RunError } from '../base/errors.ts';

/**
 * @param need what the file holds, for messages
 * @throws RunError where it is missing or damaged.
 */
export async function readResult<T>(
  path: string,
  need: string,
  fix = 'Delete the file if it exists, and start the run again: it is made from what is there',
): Promise<T> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch (cause) {
    throw new RunError({ seen: `${path} is missing or damaged`, need, fix }, { cause });
  }
}
