/**
 * @file JSON of unknown origin: parsed only where it cannot fill the memory, and checked against the shape that is
 * wanted of it. A text of [[[[ or {},{}, takes many times its own size once it is parsed, so its brackets, commas and
 * different keys are counted first.
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

/** Values in one list or object: while Node.js reads them it holds all of them twice. */
const MAX_LENGTH = 5_000_000;

/** Different keys: annotations have a few dozen. Each is kept apart by Node.js, which takes long for millions. */
const MAX_KEYS = 100_000;

/** The value of a JSON text. @throws AnnotationError for damaged, too deep and too large JSON. */
export function parseJson(path: string, text: string): unknown {
  const excess = excessOf(text);
  if (excess !== undefined) {
    throw new AnnotationError({
      seen: `${path} ${excess}`,
      need: `Annotation files are nested ${MAX_DEPTH} deep at most, take ${MAX_MEMORY / 1e6} MB of memory, and have ${MAX_LENGTH} values in a list and ${MAX_KEYS} different keys at most`,
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

/** What of a text is too much, as the end of a sentence; reads no further than that. */
function excessOf(text: string): string | undefined {
  let [open, memory, quoted, hash] = [0, 0, false, 0];
  /** Commas so far in each of the lists and objects that are open. */
  const commas = new Int32Array(MAX_DEPTH + 1);
  /** Hashes of the different keys: long ones would take memory themselves. */
  const keys = new Set<number>();
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (quoted) {
      if (code === 0x5c) i++;
      else if (code === 0x22) quoted = false;
      // FNV-1a (Fowler, Noll, Vo).
      else hash = Math.imul(hash ^ code, 0x01000193);
    } else if (code === 0x22) [quoted, hash] = [true, 0x811c9dc5 | 0];
    else if (code === 0x2c) {
      memory += PLACE_BYTES;
      if (++commas[open]! >= MAX_LENGTH) return `has a list of more than ${MAX_LENGTH} values`;
    } else if (code === 0x3a) {
      // The last string was a key.
      memory += PLACE_BYTES;
      keys.add(hash);
      if (keys.size > MAX_KEYS) return `has more than ${MAX_KEYS} different keys`;
    } else if (code === 0x5b || code === 0x7b) {
      memory += CONTAINER_BYTES;
      if (++open > MAX_DEPTH) return `nests its values more than ${MAX_DEPTH} deep`;
      commas[open] = 0;
    } else if (code === 0x5d || code === 0x7d) open = Math.max(0, open - 1);
    if (memory > MAX_MEMORY) return 'holds more values than fit in memory';
  }
  return undefined;
}
