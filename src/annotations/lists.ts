/**
 * @file Lists and objects in JSON of unknown origin. zod's own array tells of each bad element, and a file of 100 MB has
 * millions of them, each of which takes more memory as an issue than it took in the file. These tell of the first one.
 */
import { z } from 'zod';

/** Elements of one shape. */
export function list<T extends z.ZodType>(element: T) {
  return z.unknown().transform((value, context): z.infer<T>[] => {
    if (!Array.isArray(value)) {
      context.issues.push({ code: 'invalid_type', expected: 'array', input: value });
      return z.NEVER;
    }
    const elements: z.infer<T>[] = [];
    for (const [index, one] of value.entries()) {
      const { data, error } = element.safeParse(one);
      if (error !== undefined) {
        const { message, path } = error.issues[0]!;
        context.issues.push({ code: 'custom', message, path: [index, ...path], input: one });
        return z.NEVER;
      }
      elements.push(data);
    }
    return elements;
  });
}

/** Finite numbers, as they are: a mask may have millions. */
export const numbers = z.custom<readonly number[]>(
  (value) => Array.isArray(value) && value.every(Number.isFinite),
  'Invalid input: expected a list of numbers',
);

/** An object, whatever is in it, as it is. */
export const anyObject = z.custom<Readonly<Record<string, unknown>>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'Invalid input: expected an object',
);
