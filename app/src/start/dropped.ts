/** @file The files of a folder that was dropped or chosen, with their paths in it. */
import { isWanted } from '../../../src/desk/wanted.ts';

export interface DroppedFile {
  /** Relative to the folder, with slashes. */
  readonly path: string;
  readonly file: File;
}

export interface Dropped {
  /** Of the folder; empty where single files were dropped. */
  readonly name: string;
  readonly files: readonly DroppedFile[];
  /** Files that no data set has. */
  readonly leftOut: number;
}

/** Must be asked at once: a drop is forgotten when its event is over. */
export async function droppedFiles(items: DataTransferItemList): Promise<Dropped> {
  const entries = [...items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  const [only] = entries;
  const isFolder = entries.length === 1 && only!.isDirectory;
  const files = isFolder
    ? await inFolder(only as FileSystemDirectoryEntry, '')
    : await ofEntries(entries, '');
  return sifted(isFolder ? only!.name : '', files);
}

/** Of an input that takes a folder. */
export function chosenFiles(list: FileList): Dropped {
  const files = [...list].map((file) => ({ path: file.webkitRelativePath, file }));
  const name = files[0]?.path.split('/')[0] ?? '';
  return sifted(
    name,
    files.map(({ path, file }) => ({ path: path.slice(name.length + 1), file })),
  );
}

function sifted(name: string, files: readonly DroppedFile[]): Dropped {
  const wanted = files.filter(({ path }) => isWanted(path));
  return { name, files: wanted, leftOut: files.length - wanted.length };
}

async function ofEntries(entries: readonly FileSystemEntry[], path: string): Promise<DroppedFile[]> {
  const found = await Promise.all(
    entries.map(async (entry): Promise<DroppedFile[]> => {
      const own = `${path}${entry.name}`;
      if (entry.isDirectory) return inFolder(entry as FileSystemDirectoryEntry, `${own}/`);
      const file = await new Promise<File>((done, fail) => (entry as FileSystemFileEntry).file(done, fail));
      return [{ path: own, file }];
    }),
  );
  return found.flat();
}

async function inFolder(folder: FileSystemDirectoryEntry, path: string): Promise<DroppedFile[]> {
  const reader = folder.createReader();
  const entries: FileSystemEntry[] = [];
  for (;;) {
    // A browser gives a hundred at a time, and none when there are no more.
    const some = await new Promise<FileSystemEntry[]>((done, fail) => reader.readEntries(done, fail));
    if (some.length === 0) return ofEntries(entries, path);
    entries.push(...some);
  }
}
