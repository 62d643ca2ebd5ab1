/**
 * @file What results call an image. Names and numbers of DICOM files lead to patients, so in their place stands a hash
 * (HMAC-SHA-256 of what names the image, under a secret). Without the secret nobody can try out who it was; with it and
 * the files `packmule ids` tells. The secret is a file of the user's, never in a run directory.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { ConfigError } from '../base/errors.ts';
import { writeError } from '../base/files.ts';
import { settingsFolder } from '../base/home.ts';
import { systemCode } from '../base/system-code.ts';

/** Of the hash: among a hundred thousand images two of the same name are then a chance of one in a billion. */
const HASH_DIGITS = 16;
const SECRET = /^[0-9a-f]{64}$/;

/** Gives the same text the same name under one secret. */
export function hashedName(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex').slice(0, HASH_DIGITS);
}

/** Whether a name is one that hashedName gives. */
export function isHashedName(name: string): boolean {
  return name.length === HASH_DIGITS && /^[0-9a-f]+$/.test(name);
}

/** Where the secret of this user lies. */
export function secretPath(): string {
  const place = { variables: process.env, home: homedir(), platform: process.platform };
  return join(settingsFolder(place), 'id-secret');
}

/** The secret in a file, which is made where there is none. @throws ConfigError, RunError where that is not possible. */
export async function openSecret(path: string): Promise<string> {
  try {
    await mkdir(dirname(path), { recursive: true });
    // For nobody else to read, and never in the place of one that another process has just made.
    await writeFile(path, randomBytes(32).toString('hex'), { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    if (systemCode(cause) !== 'EEXIST') throw writeError(path, cause);
  }
  const secret = await readFile(path, 'utf8').catch((cause: unknown) => String(cause));
  if (SECRET.test(secret.trim())) return secret.trim();
  throw new ConfigError({
    seen: `${path} is not to be read as the secret under which images are named`,
    need: '64 hexadecimal digits, as Packmule has written them',
    fix: 'Put it back from a copy; or delete it, and all images get new names',
  });
}
