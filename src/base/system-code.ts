/** @file What the system calls an error: `ENOENT`; undefined of others. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
