/**
 * @file A journal of work done image by image: one line of JSON per image, appended when it is done, so that an
 * interrupted stage goes on with the next image.
 */
import { mkdir, open, readFile, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeError } from '../base/files.ts';

export interface Journal<T> {
  /** What is done, by id. */
  readonly done: ReadonlyMap<string, T>;
  append(id: string, value: T): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a journal, or begins one. `T` is plain JSON. A last line that was cut off by a kill is dropped, and so are
 * lines that a power cut left unreadable: what they stood for is done again.
 * @throws RunError when the file cannot be written.
 */
export async function openJournal<T>(path: string): Promise<Journal<T>> {
  const done = new Map<string, T>();
  const bytes = await readFile(path).catch(() => Buffer.alloc(0));
  const complete = bytes.lastIndexOf('\n') + 1;
  for (const line of bytes.toString('utf8', 0, complete).split('\n')) {
    const entry = parseEntry(line);
    if (entry !== undefined) done.set(entry[0], entry[1] as T);
  }
  const file = await mkdir(dirname(path), { recursive: true })
    .then(async () => {
      if (complete < bytes.length) await truncate(path, complete);
      return open(path, 'a');
    })
    .catch((cause: unknown) => {
      throw writeError(path, cause);
    });
  return {
    done,
    append: async (id, value) => {
      await file.appendFile(`${JSON.stringify([id, value])}\n`).catch((cause: unknown) => {
        throw writeError(path, cause);
      });
      done.set(id, value);
    },
    close: () => file.close(),
  };
}

/** Id and value of a line; undefined where it is damaged. */
function parseEntry(line: string): [string, unknown] | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    const whole =
      Array.isArray(entry) && entry.length === 2 && typeof entry[0] === 'string' && entry[1] !== null;
    return whole ? (entry as [string, unknown]) : undefined;
  } catch {
    return undefined;
  }
}
