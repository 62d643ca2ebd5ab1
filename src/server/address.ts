/**
 * @file The address of a server, remembered: one that is started again, however the last one ended, has the same, so
 * that pages which are still open go on and can save what they hold.
 */
import { randomBytes } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { z } from 'zod';

export interface Address {
  readonly port: number;
  /** The first part of every path; whoever has it can do what the page can. */
  readonly key: string;
}

/** A page that was left open for longer has been forgotten, and so has its key. */
const REMEMBERED_MS = 24 * 3600 * 1000;

const addressSchema = z.strictObject({
  port: z.int().min(1).max(65535),
  key: z.string().regex(/^[\w-]{32}$/),
});

export const newKey = (): string => randomBytes(24).toString('base64url');

/** Undefined where there is none of today, or none that can be read. */
export async function readAddress(path: string): Promise<Address | undefined> {
  try {
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > REMEMBERED_MS) return undefined;
    return addressSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}

/** For the user's eyes alone. Where it cannot be written, the next start has another address, and that is all. */
export async function keepAddress(path: string, address: Address): Promise<void> {
  await writeFile(path, JSON.stringify(address), { mode: 0o600 }).catch(() => undefined);
}
