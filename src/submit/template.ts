/**
 * @file Templates of what is submitted: text with placeholders like {{name}}. A line of which a placeholder stands for
 * nothing is left out, and one with a list is there once for each of its entries.
 */
import { ConfigError } from '../base/errors.ts';
import { nearestName } from '../base/suggest.ts';

export interface Placeholder {
  /** Nothing: the line is left out. A list: the line is repeated. */
  readonly value: string | number | readonly string[] | undefined;
  /** Whether the job would not be done as asked without it. */
  readonly needed: boolean;
}

export interface Template {
  /** What it is called in errors: the path of its file. */
  readonly name: string;
  readonly text: string;
}

const PLACEHOLDER = /\{\{\s*([^{}]*?)\s*\}\}/g;

/** @throws ConfigError for a placeholder that nobody knows, and where one that is needed is missing. */
export function fillTemplate(
  { name, text }: Template,
  placeholders: Readonly<Record<string, Placeholder>>,
): string {
  const used = new Set([...text.matchAll(PLACEHOLDER)].map(([, word]) => word!));
  requireKnown(name, used, Object.keys(placeholders));
  for (const [word, { value, needed }] of Object.entries(placeholders)) {
    if (needed && !isNothing(value) && !used.has(word)) throw missing(name, word);
  }
  return text
    .split('\n')
    .flatMap((line) => fillLine(line, placeholders))
    .join('\n');
}

const isNothing = (value: Placeholder['value']): boolean =>
  value === undefined || (Array.isArray(value) && value.length === 0);

function fillLine(line: string, placeholders: Readonly<Record<string, Placeholder>>): string[] {
  const words = [...line.matchAll(PLACEHOLDER)].map(([, word]) => word!);
  return words.reduce<string[]>(
    (lines, word) => {
      const { value } = placeholders[word]!;
      const entries = value === undefined ? [] : [value].flat();
      const place = new RegExp(`\\{\\{\\s*${word}\\s*\\}\\}`);
      return lines.flatMap((one) => entries.map((entry) => one.replace(place, () => String(entry))));
    },
    [line],
  );
}

function requireKnown(name: string, used: ReadonlySet<string>, known: readonly string[]): void {
  const unknown = [...used].find((word) => !known.includes(word));
  if (unknown === undefined) return;
  const near = nearestName(unknown, known);
  throw new ConfigError({
    seen: `${name} has the placeholder {{${unknown}}}`,
    need: `Placeholders are ${known.map((word) => `{{${word}}}`).join(', ')}`,
    fix: near === undefined ? 'Take one of these' : `Did you mean {{${near}}}?`,
  });
}

function missing(name: string, word: string): ConfigError {
  return new ConfigError({
    seen: `${name} has no placeholder {{${word}}}`,
    need: 'A template has a place for everything that the job asks for',
    fix: `Add {{${word}}} as the built-in one has it: packmule submit template slurm, or kubernetes`,
  });
}
