/** @file A file of lines of JSON that only grows, so that a kill costs the line that was being written and no other. */
import { mkdir, open, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { RunError } from './errors.ts';
import { writeError } from './files.ts';
import { readRegularFile } from './regular-file.ts';
import { systemCode } from './system-code.ts';

export interface LineFile {
  /** What the file held when it was opened, parsed; undefined for a line that is no JSON. */
  readonly lines: readonly unknown[];
  /** Adds a value as a line. @throws RunError when it cannot be written. */
  append(value: unknown): Promise<void>;
  close(): Promise<void>;
}

export interface LineFileOptions {
  /** A line is on the disk, and not only with the system, before append returns: a power cut loses nothing either. */
  readonly durable?: boolean;
}

/**
 * Opens such a file, or begins one. A last line that was cut off by a kill is dropped.
 * @throws RunError when the file cannot be read or written.
 */
export async function openLineFile(
  path: string,
  { durable = false }: LineFileOptions = {},
): Promise<LineFile> {
  const { bytes, complete } = await readWhole(path);
  const file = await mkdir(dirname(path), { recursive: true })
    .then(async () => {
      if (complete < bytes.length) await truncate(path, complete);
      return open(path, 'a');
    })
    .catch((cause: unknown) => {
      throw writeError(path, cause);
    });
  let length = complete;
  return {
    lines: parseLines(bytes.toString('utf8', 0, complete)),
    append: async (value) => {
      const line = Buffer.from(`${JSON.stringify(value)}\n`);
      try {
        await file.appendFile(line);
        if (durable) await file.datasync();
        length += line.length;
      } catch (cause) {
        // A full disk may have taken half of the line, to which the next one must not be glued.
        await file.truncate(length).catch(() => undefined);
        throw writeError(path, cause);
      }
    },
    close: () => file.close(),
  };
}

/**
 * The lines of such a file as they are now, for who does not write it; none where there is no file.
 * @throws RunError when the file cannot be read.
 */
export async function readLines(path: string): Promise<readonly unknown[]> {
  const { bytes, complete } = await readWhole(path);
  return parseLines(bytes.toString('utf8', 0, complete));
}

/** The bytes of a file, none where it is not there, and how many of them are whole lines. */
async function readWhole(path: string): Promise<{ bytes: Buffer; complete: number }> {
  const bytes = await readRegularFile(path).catch((cause: unknown) => {
    if (systemCode(cause) === 'ENOENT') return Buffer.alloc(0);
    throw new RunError(
      {
        seen: `${path} cannot be read (${cause instanceof Error ? cause.message : String(cause)})`,
        need: 'The file may be read: it holds work that is done',
        fix: 'Change its rights, or put it back from a copy',
      },
      { cause },
    );
  });
  return { bytes, complete: bytes.lastIndexOf('\n') + 1 };
}

/** The values of whole lines of JSON; undefined where a line is none. */
function parseLines(text: string): unknown[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      try {
        return JSON.parse(line) as unknown;
      } catch {
        return undefined;
      }
    });
}
