/**
 * @file Settings as a commented YAML file: what is set stands as it is, everything else is commented out with its
 * default, so that the file is also the list of all settings and later defaults are not frozen into it.
 */
import { stringify } from 'yaml';
import { isTree, runSchemaTree, type SchemaNode, type Tree } from './config.ts';

const WIDTH = 100;

/** `set` are the settings to be written; `head` are comment lines for the top of the file. */
export function describeConfig(set: Tree, head: readonly string[] = []): string {
  const intro = head.flatMap((line) => comment(line, ''));
  return `${[...intro, ...lines(runSchemaTree(), set, '')].join('\n').trimStart()}\n`;
}

function lines(node: SchemaNode, set: Tree, indent: string): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const value = set[key];
    const blank = indent === '' ? [''] : [];
    const about = comment(describe(child), indent);
    if (child.properties !== undefined) {
      const inside = isTree(value) ? value : {};
      return [...blank, ...about, `${indent}${key}:`, ...lines(child, inside, `${indent}  `)];
    }
    if (value !== undefined) return [...blank, ...about, ...setting(key, value, indent)];
    const shown = child.default === undefined ? '' : ` ${flow(child.default)}`;
    return [...blank, ...about, `${indent}#${key}:${shown}`];
  });
}

function describe({ description = '', enum: choices }: SchemaNode): string {
  return choices === undefined ? description : `${description} (${choices.join(', ')})`.trim();
}

function setting(key: string, value: unknown, indent: string): string[] {
  const list = Array.isArray(value) && value.every((item) => !isTree(item)) && flow(value).length > WIDTH;
  if (!list) return [`${indent}${key}: ${flow(value)}`];
  return stringify({ [key]: value })
    .trimEnd()
    .split('\n')
    .map((line) => `${indent}${line}`);
}

/** On one line. */
function flow(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim();
}

function comment(text: string, indent: string): string[] {
  const words = text.split(' ').filter((word) => word !== '');
  const out: string[] = [];
  for (const word of words) {
    const last = out.at(-1);
    if (last === undefined || last.length + word.length + 1 > WIDTH) out.push(`${indent}# ${word}`);
    else out[out.length - 1] = `${last} ${word}`;
  }
  return out;
}
