/**
 * @file Changing single settings in the text of a settings file, so that its comments and order stay: a setting that
 * is there gets another value, one that is commented out loses its hash mark, any other is added to its section.
 */
import { isDeepStrictEqual } from 'node:util';
import { parse, stringify } from 'yaml';
import { isTree, type Tree } from './config.ts';

export interface Edit {
  /** `['refine', 'morphology', 'radius']`. */
  readonly path: readonly string[];
  readonly value: unknown;
}

/**
 * The text with the settings changed, all others meaning what they did; undefined where it is written in a way in
 * which this cannot be done line by line.
 */
export function editConfig(text: string, edits: readonly Edit[]): string | undefined {
  const ending = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = text.replace(/(\r?\n)?$/, '').split(/\r?\n/);
  const edited = edits.reduce<readonly string[]>(
    (was, { path, value }) => withSetting(was, path, value),
    lines,
  );
  const result = `${edited.join(ending)}${ending}`;
  const wanted = edits.reduce(
    (tree, { path, value }) => merged(tree, nested(path, value)) as Tree,
    readTree(text) ?? {},
  );
  return isDeepStrictEqual(readTree(result), withoutEmpty(wanted)) ? result : undefined;
}

/** The lines of a file in which the settings of one section stand, indented by `indent`. */
interface Section {
  readonly start: number;
  /** The line after the last one. */
  readonly end: number;
  readonly indent: string;
}

function withSetting(lines: readonly string[], path: readonly string[], value: unknown): readonly string[] {
  let section: Section = { start: 0, end: lines.length, indent: '' };
  for (const [depth, key] of path.entries()) {
    const rest = path.slice(depth + 1);
    const at = findLine(lines, section, `${key}:`);
    if (at === undefined) return withNew(lines, section, key, nested(rest, value));
    const written = valueOn(lines[at]!);
    if (rest.length === 0 || written !== '') {
      const whole = rest.length === 0 ? value : merged(readValue(written), nested(rest, value));
      const { end } = blockAt(lines, section, at);
      return lines.toSpliced(at, end - at, `${settingText(section.indent, key, whole)}${noteOn(lines[at]!)}`);
    }
    section = blockAt(lines, section, at);
  }
  return lines;
}

/** In the place where it is commented out, else at the start of its section, or the end of the file. */
function withNew(lines: readonly string[], section: Section, key: string, value: unknown): readonly string[] {
  const { start, indent } = section;
  const text = settingText(indent, key, value);
  const hidden = findLine(lines, section, `#${key}:`) ?? findLine(lines, section, `# ${key}:`);
  if (hidden !== undefined) return lines.with(hidden, text);
  return lines.toSpliced(indent === '' ? lines.length : start, 0, text);
}

function findLine(
  lines: readonly string[],
  { start, end, indent }: Section,
  begin: string,
): number | undefined {
  const at = lines.findIndex(
    (line, i) => i >= start && i < end && (line === indent + begin || line.startsWith(`${indent + begin} `)),
  );
  return at < 0 ? undefined : at;
}

/** The lines after a key that belong to it: indented deeper, or the items of a list. Comments at its end do not. */
function blockAt(lines: readonly string[], { end, indent }: Section, at: number): Section {
  let last = at;
  for (let i = at + 1; i < end; i++) {
    const line = lines[i]!;
    const text = line.trimStart();
    if (text === '') continue;
    const deeper = line.length - text.length > indent.length;
    if (!deeper && !text.startsWith('- ')) break;
    last = i;
  }
  const first = lines.slice(at + 1, last + 1).find((line) => line.trim() !== '') ?? `${indent}  `;
  return { start: at + 1, end: last + 1, indent: /^ */.exec(first)![0] };
}

/** What stands behind the colon, without a comment. */
const valueOn = (line: string): string =>
  withoutNote(line)
    .replace(/^[^:]*:/, '')
    .trim();

const NOTE = /\s+#.*$/;
const withoutNote = (line: string): string => line.replace(NOTE, '');
const noteOn = (line: string): string => NOTE.exec(line)?.[0] ?? '';

/** On one line. */
function settingText(indent: string, key: string, value: unknown): string {
  return `${indent}${key}: ${stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim()}`;
}

function nested(path: readonly string[], value: unknown): unknown {
  return path.reduceRight((inner, key) => ({ [key]: inner }), value);
}

/** `over` in the place of what `base` has; records are merged key by key. */
function merged(base: unknown, over: unknown): unknown {
  if (!isTree(base) || !isTree(over)) return over;
  const kept = Object.entries(over).map(([key, value]) => [key, merged(base[key], value)] as const);
  return { ...base, ...Object.fromEntries(kept) };
}

/** Undefined where it is no YAML. */
function readValue(text: string): unknown {
  try {
    return parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The settings of a text, sections without a setting left out; undefined where there are none. */
function readTree(text: string): Tree | undefined {
  const tree = readValue(text);
  return isTree(tree) ? withoutEmpty(tree) : undefined;
}

function withoutEmpty(tree: Tree): Tree {
  return Object.fromEntries(
    Object.entries(tree).flatMap(([key, value]) => {
      const kept = isTree(value) ? withoutEmpty(value) : value;
      return kept === null || (isTree(kept) && Object.keys(kept).length === 0) ? [] : [[key, kept]];
    }),
  );
}
