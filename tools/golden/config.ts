/** @file Reading a JSON file of a golden folder, with an error that names it where it is missing or wrong. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { ConfigError } from '../../src/base/errors.ts';

/** The parsed content of `dir`/`name`. */
export async function readConfig<T>(dir: string, name: string, schema: z.ZodType<T>): Promise<T> {
  const path = join(dir, name);
  const wrong = (what: string, cause?: unknown): ConfigError =>
    new ConfigError(
      {
        seen: `${path} ${what}`,
        need: 'A golden folder in the layout of the reference',
        fix: 'Check the folder',
      },
      { cause },
    );
  const content = await readFile(path, 'utf8').catch((cause: Error) => {
    throw wrong(`cannot be read (${cause.message})`, cause);
  });
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch (cause) {
    throw wrong('is no JSON', cause);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw wrong(
    `is not as expected: ${parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}`,
  );
}
