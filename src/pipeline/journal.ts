/**
 * @file A journal of work done image by image: one line of JSON per image, appended when it is done, so that an
 * interrupted stage goes on with the next image.
 */
import { openLineFile, readLines } from '../base/line-file.ts';
import { createResults, type GrowingResults, type Results } from './results.ts';

export interface Journal<T> {
  readonly done: Results<T>;
  append(id: string, value: T): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a journal, or begins one. `T` is plain JSON. A last line that was cut off by a kill is dropped, and so are
 * lines that a power cut left unreadable: what they stood for is done again.
 * @throws RunError when the file cannot be written.
 */
export async function openJournal<T>(path: string): Promise<Journal<T>> {
  const { lines, append, close } = await openLineFile(path);
  const done = entriesOf<T>(lines);
  return {
    done,
    append: async (id, value) => {
      await append([id, value]);
      done.set(id, value);
    },
    close,
  };
}

/** What a journal holds, which another process may be writing; nothing where there is none. */
export async function readJournal<T>(path: string): Promise<Results<T>> {
  return entriesOf<T>(await readLines(path));
}

function entriesOf<T>(lines: readonly unknown[]): GrowingResults<T> {
  return createResults(lines.filter(isEntry) as [string, T][]);
}

/** Whether a line holds an id and what was done. */
function isEntry(line: unknown): line is [string, unknown] {
  return Array.isArray(line) && line.length === 2 && typeof line[0] === 'string' && line[1] !== null;
}
