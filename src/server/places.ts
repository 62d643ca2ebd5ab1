/**
 * @file Folders that a page may name. A path from a page is taken as it really is, links followed, and must lie in
 * one of the roots; hidden folders (of settings and keys) are out of reach.
 */
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import { PackmuleError } from '../base/errors.ts';
import { countImages } from '../dataset/layout.ts';
import type { FolderList } from '../desk/protocol.ts';
import { NotFound, Unusable } from './refusals.ts';

/** More are not listed: nobody reads them, and whoever has them names the folder himself. */
const MOST_FOLDERS = 500;

export interface Places {
  readonly roots: readonly string[];
  /** The folder as it really is. @throws NotFound where there is none, Unusable where it is out of reach. */
  folder(path: string): Promise<string>;
  /** @throws as folder. */
  list(path: string): Promise<FolderList>;
}

export async function createPlaces(paths: readonly string[]): Promise<Places> {
  const found = await Promise.all(paths.map((path) => realpath(path).catch(() => undefined)));
  const real = found.filter((path) => path !== undefined);
  // A root in another one adds nothing.
  const roots = [...new Set(real)].filter(
    (root) => !real.some((other) => other !== root && isIn(other, root)),
  );
  const folder = async (path: string): Promise<string> => {
    if (!isAbsolute(path) || path.includes('\0')) throw notThere(path);
    const found = await realpath(path).catch(() => {
      throw notThere(path);
    });
    if (!roots.some((root) => isIn(root, found) && !isHidden(relative(root, found))))
      throw outOfReach(path, roots);
    if (!(await stat(found)).isDirectory()) throw notThere(path);
    return found;
  };
  return {
    roots,
    folder,
    list: async (path) => {
      const found = await folder(path);
      const entries = await readdir(found, { withFileTypes: true }).catch((cause: Error) => {
        throw new Unusable({
          seen: cause.message,
          need: 'A folder that may be read',
          fix: 'Choose another one',
        });
      });
      const folders = entries
        .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
        .map(({ name }) => ({ name, path: join(found, name) }))
        .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
        .slice(0, MOST_FOLDERS);
      const { count, isAll } = await countImages(found).catch((error: unknown) => {
        // Whoever chooses the folder is told what is wrong in it.
        if (error instanceof PackmuleError) return { count: 0, isAll: false };
        throw error;
      });
      const isRoot = roots.includes(found);
      const images = { images: count, ...(!isAll && { more: true as const }) };
      return { path: found, ...(!isRoot && { parent: dirname(found) }), folders, ...images };
    },
  };
}

function isIn(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === '' || (!way.startsWith('..') && !isAbsolute(way));
}

const isHidden = (way: string): boolean => way.split(sep).some((part) => part.startsWith('.'));

/** A file inside a folder that no link leads out of; undefined where there is none. */
export async function fileInside(folder: string, name: string): Promise<string | undefined> {
  const path = join(folder, name);
  const found = await lstat(path).catch(() => undefined);
  return found?.isFile() && basename(path) === name ? path : undefined;
}

function notThere(path: string): NotFound {
  return new NotFound(`There is no folder ${path}`);
}

function outOfReach(path: string, roots: readonly string[]): Unusable {
  return new Unusable({
    seen: `${path} is out of reach of this page`,
    need: `A folder in ${roots.join(' or ')} that is not hidden`,
    fix: 'Choose another one, or start `packmule` in the folder of the data',
  });
}
