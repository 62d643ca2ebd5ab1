/** @file Reading annotations of whatever format a path holds. */
import { existsSync } from 'node:fs';
import { AnnotationError } from '../base/errors.ts';
import { classMasks } from './class-masks.ts';
import { coco } from './coco.ts';
import { cvat } from './cvat.ts';
import { labelMap } from './label-map.ts';
import type { AnnotationFormat, AnnotationSet, ReadAnnotationsOptions } from './types.ts';

/** Every format, in the order in which a path is tried. */
export const annotationFormats: readonly AnnotationFormat[] = [coco, cvat, classMasks, labelMap];

/**
 * The annotations of a file (COCO JSON, CVAT XML) or folder (label-map PNGs, per-class PNGs).
 * @throws AnnotationError when no format fits the path, or the one that fits cannot be read.
 */
export async function readAnnotations(
  path: string,
  options: ReadAnnotationsOptions = {},
): Promise<AnnotationSet> {
  for (const format of annotationFormats) {
    if (await format.matches(path)) return format.read(path, options);
  }
  throw new AnnotationError({
    seen: `${path} ${existsSync(path) ? 'is in no annotation format that Packmule knows' : 'does not exist'}`,
    need: `Annotations are ${annotationFormats.map((format) => format.name).join(', ')}`,
    fix: 'Check the path, or export the annotations in one of these formats',
  });
}
