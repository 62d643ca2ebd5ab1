/** @file The runs that a page may see: those in known folders of runs, by ids that tell nothing of paths. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { RunCard, RunDetail, RunList } from '../desk/protocol.ts';
import { readRecordedConfig } from '../pipeline/recorded-config.ts';
import { type RunDirectory, runDirectory } from '../pipeline/run-directory.ts';
import { isRunFolder, readRunCard, readRunStatus } from '../pipeline/run-status.ts';
import type { Children } from './children.ts';
import { NotFound } from './refusals.ts';

/** The page that a benchmark writes. */
export const TABLE_FILE = 'table.html';

export interface RunShelf {
  /** Has the runs of a folder shown from now on. */
  addFolder(runs: string): void;
  /** The id of a run, there or about to be. */
  idOf(folder: string): string;
  /** @throws NotFound for an unknown id. */
  folderOf(id: string): string;
  list(): Promise<RunList>;
  detail(id: string): Promise<RunDetail>;
  /** The folder of the run with masks that was last started on the images of a folder; undefined for none. */
  newestOf(images: string): Promise<string | undefined>;
}

export function createRunShelf(folders: readonly string[], children: Children): RunShelf {
  const shelves = new Set(folders.map((folder) => resolve(folder)));
  const known = new Map<string, string>();
  const idOf = (folder: string): string => {
    const id = createHash('sha256').update(folder).digest('base64url').slice(0, 16);
    known.set(id, folder);
    return id;
  };
  const folderOf = (id: string): string => {
    const found = known.get(id);
    if (found === undefined) throw new NotFound('There is no such run');
    return found;
  };
  const withChild = <T extends Omit<RunCard, 'id'>>(folder: string, card: T): T & Pick<RunCard, 'id'> => {
    const failed = card.state !== 'working' && children.failure(folder) !== undefined;
    const state = children.works(folder) ? 'working' : failed ? 'failed' : card.state;
    return { ...card, id: idOf(folder), state };
  };
  const list = async (): Promise<RunList> => {
    const all = (await Promise.all([...shelves].map(foldersIn))).flat();
    const runs = all.filter((folder) => isRunFolder(runDirectory(folder)));
    const isBegun = (folder: string): boolean =>
      children.works(folder) || children.failure(folder) !== undefined;
    const begun = [...known.values()].filter((folder) => isBegun(folder) && !runs.includes(folder));
    const cards = await Promise.all(
      [...runs, ...begun].map(async (folder) => withChild(folder, await readRunCard(runDirectory(folder)))),
    );
    const benchmarks = all.filter((folder) => existsSync(join(folder, TABLE_FILE)));
    return {
      runs: cards.sort((a, b) => (b.started ?? '~').localeCompare(a.started ?? '~')),
      benchmarks: benchmarks.map((folder) => ({ id: idOf(folder), name: basename(folder) })),
    };
  };
  return {
    addFolder: (runs) => shelves.add(resolve(runs)),
    idOf,
    folderOf,
    list,
    detail: async (id) => {
      const folder = folderOf(id);
      const failure = children.failure(folder);
      const status = await readRunStatus(runDirectory(folder));
      return { ...withChild(folder, status), ...(failure !== undefined && { failure }) };
    },
    newestOf: async (images) => {
      for (const { folder, hasMasks } of (await list()).runs)
        if (hasMasks && (await isOver(runDirectory(folder), images))) return folder;
      return undefined;
    },
  };
}

/** Whether a run is over the images of a folder: its data set, or a part of that. */
async function isOver(run: RunDirectory, images: string): Promise<boolean> {
  const config = await readRecordedConfig(run).catch(() => undefined);
  const root = config && (await realpath(config.data.root).catch(() => undefined));
  return root !== undefined && (root === images || root === dirname(images));
}

/** Folders in a folder, links left out; none where there is no folder. */
async function foldersIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => join(path, name));
}
