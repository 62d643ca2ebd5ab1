/** @file From packmule.yaml (or plain data) to checked settings; every mistake is named with its line. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { isMap, isNode, isScalar, LineCounter, parse, parseDocument } from 'yaml';
import type { z } from 'zod';
import { ConfigError } from '../base/errors.ts';
import { nearestName } from '../base/suggest.ts';
import { decodeUtf8 } from '../base/text.ts';
import { findModel } from '../models/registry.ts';
import {
  isTree,
  type RunConfig,
  runSchema,
  runSchemaTree,
  type SchemaNode,
  type Tree,
  withPreset,
} from './config.ts';
import { runNameOf } from './run-name.ts';

/** Where a setting was written, for messages: `line 12`, or `--set`. */
type Locate = (path: readonly PropertyKey[]) => string;

/** Lists of images are in files of their own. YAML that nests a million deep takes long to refuse. */
const MAX_BYTES = 200_000;

/** What paths of Windows in double quotes come to. */
const PATH_IN_QUOTES = ': write a path without quotes, or with / in place of each \\';

export interface ConfigOverrides {
  /** `key.path=value`, the value as YAML: `training.epochs=40`, `training.inputSize=[96, 160]`. */
  readonly set?: readonly string[];
}

/**
 * Reads a settings file. Paths in it are relative to its folder and become absolute.
 * @throws ConfigError for a missing file, bad YAML, unknown keys and impossible values.
 */
export async function loadConfig(path: string, overrides: ConfigOverrides = {}): Promise<RunConfig> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new ConfigError(
      {
        seen: `The settings file ${path} cannot be read`,
        need: 'A YAML file of settings',
        fix: 'Make one with `packmule init FOLDER`, or give the folder of the data set',
      },
      { cause },
    );
  });
  if (bytes.length > MAX_BYTES) {
    throw new ConfigError({
      seen: `${path} is ${bytes.length} bytes long`,
      need: `A file of settings, which is a few lines and never longer than ${MAX_BYTES} bytes`,
      fix: 'Check the path',
    });
  }
  const text = decodeUtf8(bytes);
  if (text === undefined) {
    throw new ConfigError({
      seen: `${path} is not UTF-8 text`,
      need: 'A YAML file in the encoding UTF-8',
      fix: 'Save it as UTF-8 in your editor',
    });
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, logLevel: 'error' });
  const [problem] = document.errors;
  if (problem !== undefined) {
    throw new ConfigError({
      seen: `${path} is not valid YAML: ${problem.message.split('\n')[0]}`,
      need: 'Lines of `key: value`, indented by spaces',
      fix: `Correct line ${problem.linePos?.[0].line ?? 1}${problem.code === 'BAD_DQ_ESCAPE' ? PATH_IN_QUOTES : ''}`,
    });
  }
  const tree = dataOf(document, path) ?? {};
  if (!isTree(tree)) {
    throw new ConfigError({
      seen: `${path} holds no settings but ${Array.isArray(tree) ? 'a list' : `the value ${String(tree)}`}`,
      need: 'Lines of `key: value` at its top level',
      fix: 'Make a new one with `packmule init FOLDER`',
    });
  }
  const locate: Locate = (keys) => {
    for (let depth = keys.length; depth > 0; depth--) {
      const parent = document.getIn(keys.slice(0, depth - 1), true);
      const pair = isMap(parent)
        ? parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(keys[depth - 1]))
        : undefined;
      const node = pair?.key ?? document.getIn(keys.slice(0, depth), true);
      if (isNode(node) && node.range) return `line ${lines.linePos(node.range[0]).line} of ${path}`;
    }
    return path;
  };
  return resolveConfig(tree, dirname(resolve(path)), { ...overrides, locate });
}

/** The document as plain data. @throws ConfigError where aliases blow it up. */
function dataOf(document: ReturnType<typeof parseDocument>, path: string): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    throw new ConfigError(
      {
        seen: `${path} cannot be read as data (${cause instanceof Error ? cause.message : String(cause)})`,
        need: 'Settings without aliases (*name) of aliases',
        fix: 'Write the values out',
      },
      { cause },
    );
  }
}

/**
 * Checks settings that are already data, and fills in preset, defaults and name. Paths are relative to `folder`.
 * @throws ConfigError for unknown keys and impossible values.
 */
export function resolveConfig(
  input: Tree,
  folder: string,
  options: ConfigOverrides & { readonly locate?: Locate } = {},
): RunConfig {
  const given = structuredClone(input);
  const overridden = (options.set ?? []).map((assignment) => assign(given, assignment));
  if (isDeeperThan(given, DEEPEST)) throw tooDeep();
  const tree = withoutNulls(given);
  if (isTree(tree.data) && typeof tree.data.root === 'string') {
    const root = resolve(folder, tree.data.root);
    tree.data.root = root;
    tree.name ??= runNameOf(root);
  } else {
    // That there is no name follows from there being no root, and need not be said too.
    tree.name ??= 'run';
  }
  if (isTree(tree.sam) && typeof tree.sam.model === 'string' && !findModel(tree.sam.model)) {
    tree.sam.model = resolve(folder, tree.sam.model);
  }
  if (Array.isArray(tree.reviews)) {
    tree.reviews = tree.reviews.map((run: unknown) => (typeof run === 'string' ? resolve(folder, run) : run));
  }
  const parsed = runSchema.safeParse(withPreset(tree));
  if (!parsed.success) {
    const locate: Locate = (path) =>
      overridden.some((keys) => startTheSame(keys, path))
        ? '--set'
        : (options.locate?.(path) ?? 'the settings');
    throw settingsError(parsed.error.issues, locate);
  }
  return parsed.data;
}

/** Puts `key.path=value` into the tree and returns the path. */
function assign(tree: Tree, assignment: string): string[] {
  const [name = '', ...rest] = assignment.split('=');
  const keys = name.trim().split('.');
  if (rest.length === 0 || keys.some((key) => key === '')) {
    throw new ConfigError({
      seen: `--set ${assignment} names no setting and value`,
      need: 'A setting with its path, an equals sign and a value',
      fix: 'Write it like --set training.epochs=40',
    });
  }
  let node = tree;
  for (const key of keys.slice(0, -1)) {
    // Own keys only: a path through __proto__ would change every object.
    const child = Object.hasOwn(node, key) ? node[key] : undefined;
    const next = isTree(child) ? child : {};
    put(node, key, next);
    node = next;
  }
  put(node, keys.at(-1)!, parseValue(rest.join('='), assignment));
  return keys;
}

function put(node: Tree, key: string, value: unknown): void {
  Object.defineProperty(node, key, { value, enumerable: true, configurable: true, writable: true });
}

/** Whether one of two paths leads to or through the other. */
function startTheSame(a: readonly string[], b: readonly PropertyKey[]): boolean {
  return a.slice(0, b.length).every((key, i) => key === String(b[i]));
}

/** No setting lies deeper; an alias of what it lies in would have no end. */
const DEEPEST = 12;

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((child) => isDeeperThan(child, levels - 1));
}

function tooDeep(): ConfigError {
  return new ConfigError({
    seen: `The settings are nested more than ${DEEPEST} levels deep`,
    need: 'Settings with the names and values of the documentation',
    fix: 'Make a new file with `packmule init FOLDER`, and write aliases (*name) out',
  });
}

/** A key without a value is a setting that is not set, and so is a section of nothing but comments. */
function withoutNulls(tree: Tree): Tree {
  return Object.fromEntries(
    Object.entries(tree).flatMap(([key, value]) => {
      const kept = isTree(value) ? withoutNulls(value) : value;
      return kept === null || (isTree(kept) && Object.keys(kept).length === 0) ? [] : [[key, kept]];
    }),
  );
}

function parseValue(text: string, assignment: string): unknown {
  try {
    return parse(text) as unknown;
  } catch (cause) {
    throw new ConfigError(
      {
        seen: `The value in --set ${assignment} is not valid YAML`,
        need: 'A number, a word, true or false, or a list in brackets',
        fix: 'Put it in quotes, such as --set "training.inputSize=[96, 160]"',
      },
      { cause },
    );
  }
}

type Issue = z.core.$ZodIssue;

/** All problems in one error: correcting them one run at a time is tiresome. */
function settingsError(issues: readonly Issue[], locate: Locate): ConfigError {
  const root = runSchemaTree();
  const problems = issues.flatMap((issue) => describeIssue(issue, root, locate));
  const [only] = problems;
  if (only !== undefined && problems.length === 1) return new ConfigError(only);
  return new ConfigError({
    seen: `${problems.length} settings are not possible:\n${problems.map(({ seen, fix }) => `- ${seen}: ${fix}`).join('\n')}\n`,
    need: 'Settings have the names and values of the documentation',
    fix: 'Correct these settings; `packmule init` writes a file with all of them',
  });
}

interface Problem {
  readonly seen: string;
  readonly need: string;
  readonly fix: string;
}

function describeIssue(issue: Issue, root: SchemaNode, locate: Locate): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey([...issue.path, key], root, locate));
  }
  const name = dotted(issue.path);
  const node = nodeAt(root, issue.path);
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined')) {
    const need = node?.description ?? 'Every setting without a default has a value';
    return [{ seen: `${name} is not set in ${locate(issue.path)}`, need, fix: `Set ${name}` }];
  }
  const message = issue.code === 'invalid_union' ? unionMessage(issue) : issue.message;
  return [
    {
      seen: `${name || 'The whole'} in ${locate(issue.path)} is not possible: ${message}`,
      need: node?.description ?? 'Settings have the names and values of the documentation',
      fix: node?.enum ? `Choose one of ${node.enum.join(', ')}` : 'Correct the value',
    },
  ];
}

function unionMessage(issue: Extract<Issue, { code: 'invalid_union' }>): string {
  return [...new Set(issue.errors.flat().map(({ message }) => message))].join(', or ');
}

function unknownKey(path: readonly PropertyKey[], root: SchemaNode, locate: Locate): Problem {
  const key = String(path.at(-1));
  const parent = path.slice(0, -1);
  const siblings = Object.keys(nodeAt(root, parent)?.properties ?? {});
  const near = nearestName(key, siblings);
  const elsewhere = allPaths(root).find((known) => known.endsWith(`.${key}`));
  const suggestion = near === undefined ? elsewhere : dotted([...parent, near]);
  return {
    seen: `There is no setting ${dotted(path)} (${locate(path)})`,
    need: `${parent.length === 0 ? 'Settings' : `Settings of ${dotted(parent)}`} are ${siblings.join(', ') || 'none'}`,
    fix: suggestion === undefined ? 'Remove it' : `Did you mean ${suggestion}?`,
  };
}

const dotted = (path: readonly PropertyKey[]): string => path.map(String).join('.');

function nodeAt(root: SchemaNode, path: readonly PropertyKey[]): SchemaNode | undefined {
  let node: SchemaNode | undefined = root;
  for (const key of path) node = typeof key === 'number' ? node?.items : node?.properties?.[String(key)];
  return node;
}

function allPaths(node: SchemaNode, prefix = ''): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => [
    `${prefix}${key}`,
    ...allPaths(child, `${prefix}${key}.`),
  ]);
}
