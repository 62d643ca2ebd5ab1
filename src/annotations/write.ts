/** @file Writing annotations in a format: what is lost is known, or refused, before the first file is written. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AnnotationError } from '../base/errors.ts';
import { fitToFormat } from './fit.ts';
import { intoLayers } from './layers.ts';
import type { AnnotationSet, ImageFinder, WritableFormat } from './types.ts';

/** Files or folders to be written, and what will not be in them. */
export interface WritePlan {
  readonly format: WritableFormat;
  readonly parts: readonly { readonly path: string; readonly set: AnnotationSet }[];
  /** Full sentences. */
  readonly losses: readonly string[];
}

/**
 * Decides what is written where; writes nothing. With `layers`, classes that overlap go to `<path>/layer-1`,
 * `<path>/layer-2`, ...
 * @throws AnnotationError as fitToFormat, and where `path` is in use.
 */
export async function planWriting(
  path: string,
  set: AnnotationSet,
  format: WritableFormat,
  layers: boolean,
): Promise<WritePlan> {
  await requireUnused(path);
  const sets = layers ? intoLayers(set) : [set];
  const parts = sets.map((part, i) => ({
    path: sets.length === 1 ? path : layerPath(path, i, format),
    set: part,
  }));
  return { format, parts, losses: [...new Set(parts.flatMap((part) => fitToFormat(part.set, format)))] };
}

/** Does what was planned. @throws RunError when a file cannot be written, AnnotationError where an image is missing. */
export async function writePlanned(plan: WritePlan, images?: ImageFinder): Promise<void> {
  for (const { path, set } of plan.parts) await plan.format.write(path, set, images);
}

function layerPath(path: string, index: number, { place }: WritableFormat): string {
  const name = `layer-${index + 1}`;
  return join(path, place === 'folder' ? name : `${name}${place}`);
}

/** Old masks among new ones could not be told apart. */
async function requireUnused(path: string): Promise<void> {
  const old = await stat(path).catch(() => undefined);
  if (old === undefined) return;
  if (old.isDirectory() && (await readdir(path)).length === 0) return;
  throw new AnnotationError({
    seen: `${path} exists already`,
    need: 'A new file, or a new or empty folder, so that nothing is overwritten or mixed',
    fix: 'Choose another path, or remove it',
  });
}
