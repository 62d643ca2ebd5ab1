/**
 * @file Are two run directories of the same data and settings the same? Every file is compared byte by byte, but for
 * what is a time of day or a duration, which stand by name in this file.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What may differ: the log of what happened when, and two pictures with minutes along their axes. */
const LEFT_OUT = ['log.jsonl', 'results/training-loss.svg', 'results/training-dice.svg'];

/** Durations and times in files that are otherwise compared, by file. */
const MASKED: readonly (readonly [file: RegExp, what: RegExp])[] = [
  // Of stages and epochs.
  [/^stages\/.*\.json$|\/log\.jsonl$/, /"seconds":[\d.]+/g],
  // When it was written, and how long trainings took.
  [/^(report\.html|results\/README\.md)$/, /\d{4}-\d\d-\d\d \d\d:\d\d UTC/g],
  [/^(report\.html|results\/README\.md)$/, /\b\d+ s\b|\b[\d.]+ min\b/g],
  [/^report\.html$/, /<div class="by-minutes charts">.*?<\/section>/gs],
];

export interface Comparison {
  readonly files: number;
  readonly bytes: number;
  /** Paths that one alone has, or whose contents differ. */
  readonly different: readonly string[];
}

export async function compareRuns(a: string, b: string): Promise<Comparison> {
  const [ofA, ofB] = await Promise.all([filesOf(a), filesOf(b)]);
  const both = ofA.filter((file) => ofB.includes(file));
  const different = [...ofA, ...ofB].filter((file) => !both.includes(file));
  let bytes = 0;
  for (const file of both) {
    const [first, second] = await Promise.all([masked(a, file), masked(b, file)]);
    bytes += first.length;
    if (!first.equals(second)) different.push(file);
  }
  return { files: both.length, bytes, different };
}

/** Paths of all files, with slashes. */
async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
    .filter((file) => !LEFT_OUT.includes(file))
    .sort();
}

async function masked(folder: string, file: string): Promise<Buffer> {
  const bytes = await readFile(join(folder, file));
  const masks = MASKED.filter(([pattern]) => pattern.test(file));
  if (masks.length === 0) return bytes;
  return Buffer.from(masks.reduce((text, [, what]) => text.replaceAll(what, ''), bytes.toString()));
}
