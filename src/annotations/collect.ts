/** @file What all readers of annotations share: class names to indices, several shapes of one class to one mask. */
import { stat } from 'node:fs/promises';
import { formatBytes } from '../base/bytes.ts';
import { AnnotationError } from '../base/errors.ts';
import { readRegularFile } from '../base/regular-file.ts';
import { nearestName } from '../base/suggest.ts';
import { decodeUtf8 } from '../base/text.ts';
import { rleUnion } from '../masks/rle.ts';
import type { Structure } from './types.ts';

/** Class names and their indices. */
export interface ClassLookup {
  readonly classes: readonly string[];
  /** @throws AnnotationError for a name that is not in the list; `where` names the annotation. */
  indexOf(name: string, where: string): number;
}

/** A lookup in the list that the caller asks for, or else in the one that the file declares. */
export function createClassLookup(
  declared: readonly string[],
  wanted: readonly string[] | undefined,
): ClassLookup {
  const classes = wanted ?? declared;
  const indices = new Map(classes.map((name, index) => [name, index]));
  if (indices.size !== classes.length) {
    const twice = classes.find((name, index) => classes.indexOf(name) !== index);
    throw new AnnotationError({
      seen: `The class list names "${twice}" twice`,
      need: 'Every class has a name of its own',
      fix: 'Rename one of the two, or remove it',
    });
  }
  if (classes.some((name) => name.trim() === '')) {
    throw new AnnotationError({
      seen: 'The class list has a class without a name',
      need: 'Every class has a name of its own',
      fix: 'Name it, or remove it',
    });
  }
  return {
    classes,
    indexOf(name, where) {
      const index = indices.get(name);
      if (index !== undefined) return index;
      const near = nearestName(name, classes);
      throw new AnnotationError({
        seen: `${where} has the class "${name}", which is not in the class list`,
        need: `Classes are ${listed(classes)}`,
        fix:
          near === undefined
            ? 'Add it to the class list, or remove the annotation'
            : `Did you mean "${near}"?`,
      });
    },
  };
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 8).map((name) => `"${name}"`);
  return names.length > shown.length ? `${shown.join(', ')} and ${names.length - 8} more` : shown.join(', ');
}

/**
 * One structure per class, in class order. Shapes of one class are merged; a score, trust or provenance describes one
 * shape, so a merged structure has none.
 */
export function mergeByClass(shapes: readonly Structure[]): Structure[] {
  const groups = new Map<number, Structure[]>();
  for (const shape of shapes) {
    const group = groups.get(shape.classIndex);
    if (group === undefined) groups.set(shape.classIndex, [shape]);
    else group.push(shape);
  }
  return [...groups.values()]
    .map((group): Structure => {
      const [first, ...rest] = group as [Structure, ...Structure[]];
      if (rest.length === 0) return first;
      const rle = rleUnion(
        first.rle,
        rest.map((shape) => shape.rle),
      );
      return { classIndex: first.classIndex, rle };
    })
    .sort((a, b) => a.classIndex - b.classIndex);
}

/** Longest text file that is read, bytes: Node.js has no longer strings. */
const MAX_TEXT_BYTES = 500e6;

/** The text of an annotation file. @throws AnnotationError when it cannot be read, is too long or empty. */
export async function readAnnotationText(path: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    const { size } = await stat(path);
    if (size > MAX_TEXT_BYTES) throw tooLong(path, size);
    bytes = await readRegularFile(path);
  } catch (cause) {
    if (cause instanceof AnnotationError) throw cause;
    throw new AnnotationError(
      {
        seen: `${path} cannot be read (${cause instanceof Error ? cause.message : String(cause)})`,
        need: 'The annotation file exists and may be read',
        fix: 'Check the path and the rights of the file',
      },
      { cause },
    );
  }
  const text = decodeUtf8(bytes);
  if (text === undefined) {
    throw new AnnotationError({
      seen: `${path} is not UTF-8 text`,
      need: 'Annotation files are in the encoding UTF-8',
      fix: 'Save it as UTF-8, or export it again',
    });
  }
  if (text.trim() !== '') return text;
  throw new AnnotationError({
    seen: `${path} is empty`,
    need: 'An annotation file holds annotations',
    fix: 'Export it again',
  });
}

function tooLong(path: string, bytes: number): AnnotationError {
  return new AnnotationError({
    seen: `${path} has ${formatBytes(bytes)}`,
    need: `Annotation files have ${formatBytes(MAX_TEXT_BYTES)} at most`,
    fix: 'Divide it by images, or check that it is an annotation file',
  });
}
