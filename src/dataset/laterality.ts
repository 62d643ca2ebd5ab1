/** @file Which side of the body an image shows: by its DICOM tags, its file name or a table. */
import { resolve } from 'node:path';
import { MAX_CELLS, parseCsv } from '../base/csv.ts';
import { ConfigError } from '../base/errors.ts';
import { MAX_TABLE_BYTES } from '../base/limits.ts';
import { readRegularFile, TooLargeError } from '../base/regular-file.ts';
import { withoutEnding } from '../imaging/file-names.ts';
import type { Side } from '../imaging/reader.ts';
import type { DataConfig } from './config.ts';
import type { SourceImage } from './source-images.ts';

type SideOf = (image: SourceImage) => Side | undefined;

/** `L`, `left`, `links`; `R`, `right`, `rechts`. */
function parseSide(text: string | undefined): Side | undefined {
  const letter = text?.trim()[0]?.toLowerCase();
  if (letter === 'l') return 'left';
  return letter === 'r' ? 'right' : undefined;
}

/** What tells the side, unless nothing does. @throws ConfigError for a pattern or table that cannot tell any. */
export async function sideFinder(
  { from }: DataConfig['laterality'],
  root: string,
): Promise<SideOf | undefined> {
  if (from === 'none') return undefined;
  if (from === 'dicom') return ({ header }) => header?.side;
  if ('pattern' in from) return sideByName(from.pattern);
  return sideByTable(resolve(root, from.csv), from.image, from.side);
}

function sideByName(pattern: string): SideOf {
  let expression: RegExp;
  try {
    expression = new RegExp(pattern);
  } catch (cause) {
    throw wrongPattern(pattern, 'is no regular expression', cause);
  }
  if (new RegExp(`${pattern}|`).exec('')!.length !== 2)
    throw wrongPattern(pattern, 'has no group, or several');
  return ({ fileName }) => parseSide(expression.exec(fileName)?.[1]);
}

function wrongPattern(pattern: string, what: string, cause?: unknown): ConfigError {
  return new ConfigError(
    {
      seen: `data.laterality.from.pattern, ${pattern}, ${what}`,
      need: 'A regular expression with one group, which holds the side in file names (L or left, R or right)',
      fix: 'Write it like "_(L|R)_"',
    },
    { cause },
  );
}

async function sideByTable(path: string, imageColumn: string, sideColumn: string): Promise<SideOf> {
  const text = await readRegularFile(path, MAX_TABLE_BYTES).catch((cause: Error) => {
    const what = cause instanceof TooLargeError ? cause.message : `cannot be read (${cause.message})`;
    throw wrongTable(path, what, imageColumn, sideColumn, cause);
  });
  const rows = parseCsv(text.toString());
  if (rows === undefined) {
    throw wrongTable(path, `has more than ${MAX_CELLS / 1e6} million cells`, imageColumn, sideColumn);
  }
  const [first] = rows;
  if (first?.[imageColumn] === undefined || first[sideColumn] === undefined) {
    const columns = Object.keys(first ?? {}).join(', ');
    throw wrongTable(path, `has the columns ${columns || 'of no table'}`, imageColumn, sideColumn);
  }
  const sides = new Map(rows.map((row) => [row[imageColumn]!, parseSide(row[sideColumn])]));
  return ({ fileName, frame }) => {
    // All images of one file show one side.
    const file = frame === undefined ? fileName : fileName.replace(/#\d+(?=[^#]*$)/, '');
    return sides.get(file) ?? sides.get(withoutEnding(file));
  };
}

function wrongTable(path: string, what: string, image: string, side: string, cause?: unknown): ConfigError {
  return new ConfigError(
    {
      seen: `${path} ${what}`,
      need: `A CSV file with a column ${image} of file names and a column ${side} of L and R`,
      fix: 'Correct data.laterality.from, or the file',
    },
    { cause },
  );
}
