/** @file Reference data that lies beside the repository and is not part of it. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../../shared/', import.meta.url);

/** The path of a file or folder of the reference data, or undefined where it is absent: skip the test then. */
export function sharedPath(...parts: readonly string[]): string | undefined {
  const path = fileURLToPath(new URL(parts.join('/'), root));
  return existsSync(path) ? path : undefined;
}
