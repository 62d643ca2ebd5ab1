/** @file Where this package lies, and its version, read from its package.json so that it is written in one place only. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this package, absolute. */
export const PACKAGE_FOLDER: string = packageFolder(dirname(fileURLToPath(import.meta.url)));

/** Version of Packmule, such as `0.1.0`. */
export const PACKMULE_VERSION: string = versionIn(PACKAGE_FOLDER);

/** Version of an installed dependency. */
export function dependencyVersion(name: string): string {
  return versionIn(dependencyFolder(name));
}

/** Folder of an installed dependency, absolute. */
export function dependencyFolder(name: string): string {
  return packageFolder(dirname(createRequire(import.meta.url).resolve(name)));
}

/** The nearest folder upwards whose package.json has a version: sources and built files lie at different depths. */
function packageFolder(folder: string): string {
  const path = join(folder, 'package.json');
  if (existsSync(path) && 'version' in (JSON.parse(readFileSync(path, 'utf8')) as object)) return folder;
  const parent = dirname(folder);
  return parent === folder ? folder : packageFolder(parent);
}

function versionIn(folder: string): string {
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  return version;
}
