/** @file The built page: its files are read once, so that no path from a request ever reaches the disk. */
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { RunError } from '../base/errors.ts';
import { PACKAGE_FOLDER } from '../base/version.ts';

export interface SiteFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: string;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Files by their path with slashes, such as `index.html`. @throws RunError where the page is not built. */
export async function readSite(
  folder = join(PACKAGE_FOLDER, 'dist', 'app'),
): Promise<ReadonlyMap<string, SiteFile>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const site = new Map<string, SiteFile>();
  for (const path of paths) {
    const type = TYPES[extname(path)];
    if (type === undefined) continue;
    site.set(relative(folder, path).split(sep).join('/'), {
      bytes: new Uint8Array(await readFile(path)),
      type,
    });
  }
  if (site.has('index.html')) return site;
  throw new RunError({
    seen: `There is no review page in ${folder}`,
    need: 'The page that is built with Packmule',
    fix: 'Build it: `npm run build`',
  });
}
