/** @file Reading annotations of whatever format a path holds. */
import { statSync } from 'node:fs';
import { AnnotationError } from '../base/errors.ts';
import { readableFormats } from './formats.ts';
import type { AnnotationSet, ReadAnnotationsOptions, ReadableFormat } from './types.ts';

/** The annotations of a file or folder. @throws AnnotationError as recogniseFormat, and when they cannot be read. */
export async function readAnnotations(
  path: string,
  options: ReadAnnotationsOptions = {},
): Promise<AnnotationSet> {
  return (await recogniseFormat(path)).read(path, options);
}

/** The format that a path is in. @throws AnnotationError when none fits. */
export async function recogniseFormat(path: string): Promise<ReadableFormat> {
  for (const format of readableFormats) {
    if (await format.matches(path)) return format;
  }
  throw new AnnotationError({
    seen: `${path} ${whatIsWrong(path)}`,
    need: `Annotations are ${readableFormats.map((format) => format.name).join(', ')}`,
    fix: 'Check the path, or export the annotations in one of these formats',
  });
}

function whatIsWrong(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return 'does not exist';
  return found.isFile() || found.isDirectory()
    ? 'is in no annotation format that Packmule knows'
    : 'is a pipe or device';
}
