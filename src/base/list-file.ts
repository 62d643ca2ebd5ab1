/** @file A list in a JSON file that Packmule writes itself. */
import { z } from 'zod';
import { RunError } from './errors.ts';
import { readRegularFile } from './regular-file.ts';
import { systemCode } from './system-code.ts';

/** An empty list where there is no file yet. @throws RunError for a damaged one, with what is needed and how to mend it. */
export async function readListFile<Item>(
  path: string,
  item: z.ZodType<Item>,
  { need, fix }: { readonly need: string; readonly fix: string },
): Promise<readonly Item[]> {
  try {
    return z.array(item).parse(JSON.parse((await readRegularFile(path)).toString('utf8')));
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return [];
    throw new RunError({ seen: `${path} is damaged or cannot be read`, need, fix }, { cause });
  }
}
