/**
 * @file JSON of unknown origin: parsed only where it cannot fill the memory, and checked against the shape that is
 * wanted of it. A text of [[[[ or {},{}, takes many times its own size once it is parsed, so its brackets and commas
 * are counted first.
 */
import type { z } from 'zod';
import { AnnotationError } from '../base/errors.ts';

/** Deeper than any annotation; what walks the parsed values (zod, JSON.stringify) does so by recursion. */
const MAX_DEPTH = 200;

/** What the values of a file may take in memory, bytes. */
const MAX_MEMORY = 600e6;

/** About what Node.js takes for an empty list or object, and for a place in one, which is there twice while it grows. */
const CONTAINER_BYTES = 64;
const PLACE_BYTES = 16;

/** The value of a JSON text. @throws AnnotationError for damaged, too deep and too large JSON. */
export function parseJson(path: string, text: string): unknown {
  const { depth, memory } = measureJson(text);
  if (depth > MAX_DEPTH || memory > MAX_MEMORY) {
    throw new AnnotationError({
      seen: `${path} ${depth > MAX_DEPTH ? `nests its values more than ${MAX_DEPTH} deep` : 'holds more values than fit in memory'}`,
      need: `Annotation files are nested ${MAX_DEPTH} deep at most and take ${MAX_MEMORY / 1e6} MB of memory at most`,
      fix: 'Check that it is an annotation file, or divide it',
    });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AnnotationError(
      {
        seen: `${path} is not valid JSON (${cause instanceof Error ? cause.message : String(cause)})`,
        need: 'An annotation file is one complete JSON value',
        fix: 'Export it again, or copy it again from its source',
      },
      { cause },
    );
  }
}

/** The value as the schema has it. `what` names the format, such as `COCO file`. @throws AnnotationError otherwise. */
export function shaped<T extends z.ZodType>(
  path: string,
  json: unknown,
  schema: T,
  what: string,
): z.infer<T> {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw new AnnotationError({
    seen: `${path} is not a ${what} at ${issue.path.join('.') || 'its top level'} (${issue.message})`,
    need: `A ${what} has the entries that its format describes`,
    fix: 'Correct the entry, or export the file again',
  });
}

/** How deep a text nests, and about how many bytes its values will take; reads no further than the limits. */
function measureJson(text: string): { depth: number; memory: number } {
  let [open, depth, memory, quoted] = [0, 0, 0, false];
  for (let i = 0; i < text.length && depth <= MAX_DEPTH && memory <= MAX_MEMORY; i++) {
    const code = text.charCodeAt(i);
    if (quoted) {
      if (code === 0x5c) i++;
      else if (code === 0x22) quoted = false;
    } else if (code === 0x22) quoted = true;
    else if (code === 0x2c) memory += PLACE_BYTES;
    else if (code === 0x5b || code === 0x7b) {
      memory += CONTAINER_BYTES;
      depth = Math.max(depth, ++open);
    } else if (code === 0x5d || code === 0x7d) open--;
  }
  return { depth, memory };
}
