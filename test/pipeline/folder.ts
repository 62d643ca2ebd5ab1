/** @file A temporary folder for each test of a file. */
import { join } from 'node:path';
import { beforeEach } from 'vitest';
import { temporaryFolder } from '../temporary.ts';

export function useFolder(): (...parts: string[]) => string {
  let folder = '';
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  return (...parts) => join(folder, ...parts);
}
