/** @file Where this package lies, and its version, read from its package.json so that it is written in one place only. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RunError } from './errors.ts';

/** The folder of this package, absolute. */
export const PACKAGE_FOLDER: string = ownFolder(import.meta.url);

/** Version of Packmule, such as `0.1.0`. */
export const PACKMULE_VERSION: string = versionIn(PACKAGE_FOLDER);

/** Version of an installed dependency. */
export function dependencyVersion(name: string): string {
  return versionIn(dependencyFolder(name));
}

/** Folder of an installed dependency, absolute. */
export function dependencyFolder(name: string): string {
  return packageFolder(name, dirname(createRequire(import.meta.url).resolve(name)))!;
}

/**
 * Exported for tests: the folder of this package, for code that lies at this address; CommonJS bundles have none.
 * @throws RunError where the code was copied out of it: weights, pages and programs of its own processes are files there.
 */
export function ownFolder(address: string | undefined): string {
  const folder = address && packageFolder('packmule', dirname(fileURLToPath(address)));
  if (folder) return folder;
  throw new RunError({
    seen: `Packmule is not in its own package but in a bundle${address ? `, ${fileURLToPath(address)}` : ''}`,
    need: 'The files of its package, among them the weights of Foal',
    fix: 'Mark packmule as external in the bundler, so that it is loaded from node_modules',
  });
}

/** The nearest folder upwards with the package.json of this package: sources and built files lie at different depths. */
function packageFolder(name: string, folder: string): string | undefined {
  const path = join(folder, 'package.json');
  if (existsSync(path) && (JSON.parse(readFileSync(path, 'utf8')) as { name?: string }).name === name)
    return folder;
  const parent = dirname(folder);
  return parent === folder ? undefined : packageFolder(name, parent);
}

function versionIn(folder: string): string {
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  return version;
}
