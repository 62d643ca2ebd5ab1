/**
 * @file Folders that are dropped on the page: their files are written into a new folder, each as it comes in and under
 * its name only when it is whole.
 */
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { formatBytes } from '../base/bytes.ts';
import { requireFreeSpace, writeError } from '../base/files.ts';
import { renameFile } from '../base/rename.ts';
import { systemCode } from '../base/system-code.ts';
import type { Upload, UploadRequest } from '../desk/protocol.ts';
import { isWanted } from '../desk/wanted.ts';
import type { Places } from './places.ts';
import { NotFound, Unusable } from './refusals.ts';

export const MOST_FILES = 20_000;
const MOST_BYTES = 100e9;
/** The deepest folder of images that anybody has, and then some. */
const DEEPEST = 8;

export interface Uploads {
  /** Makes the folder. @throws Unusable where it is there already or the files are too many. */
  begin(request: UploadRequest): Promise<Upload>;
  /** Writes one file of it. @throws NotFound for an unknown upload, Unusable for a path or size that cannot be. */
  put(id: string, path: string, body: ReadableStream<Uint8Array> | null): Promise<void>;
}

interface Begun {
  readonly folder: string;
  /** What may still come. */
  files: number;
  bytes: number;
}

export function createUploads(places: Places): Uploads {
  const begun = new Map<string, Begun>();
  return {
    begin: async ({ project, name, files, bytes }) => {
      const folder = join(await places.folder(project), name);
      if (files > MOST_FILES || bytes > MOST_BYTES) throw tooMuch(files, bytes);
      await requireFreeSpace(
        dirname(folder),
        bytes,
        'This folder',
        'Free some space, or name the folder where it is',
      );
      await mkdir(folder).catch((cause: unknown) => {
        if (systemCode(cause) === 'EEXIST') throw taken(folder);
        throw writeError(folder, cause);
      });
      const id = randomUUID();
      begun.set(id, { folder, files, bytes });
      return { id, folder };
    },
    put: async (id, path, body) => {
      const upload = begun.get(id);
      if (upload === undefined) throw new NotFound('There is no such upload');
      const parts = partsOf(path);
      if (upload.files < 1) throw moreThanSaid(path);
      upload.files--;
      const target = join(upload.folder, ...parts);
      const aside = join(upload.folder, `.${randomUUID()}.tmp`);
      try {
        const source = body === null ? Readable.from([]) : Readable.fromWeb(body);
        await pipeline(source, limited(upload, path), createWriteStream(aside, { flags: 'wx' }));
        await mkdir(dirname(target), { recursive: true });
        await renameFile(aside, target);
      } catch (cause) {
        await rm(aside, { force: true });
        throw cause instanceof Unusable ? cause : writeError(target, cause);
      }
    },
  };
}

/** Passes bytes on for as long as they are no more than was said. */
function limited(upload: Begun, path: string) {
  return async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      upload.bytes -= chunk.length;
      if (upload.bytes < 0) throw moreThanSaid(path);
      yield chunk;
    }
  };
}

/** The names on the way to a file, none of which leads out of the folder. */
function partsOf(path: string): readonly string[] {
  const parts = path.split('/');
  const isPlain = (part: string): boolean =>
    part !== '' && part.length <= 200 && !part.startsWith('.') && !/[\\\0:]|\p{Cc}/u.test(part);
  if (parts.length <= DEEPEST && parts.every(isPlain) && isWanted(path)) return parts;
  throw new Unusable({
    seen: `${JSON.stringify(path.slice(0, 200))} is no file of a data set`,
    need: 'Images, annotations, lists and settings in plain folders',
    fix: 'Leave it out',
  });
}

function taken(folder: string): Unusable {
  return new Unusable({
    seen: `${folder} is there already`,
    need: 'A new folder, so that nothing is overwritten',
    fix: 'Choose another name, or use the folder that is there',
  });
}

function tooMuch(files: number, bytes: number): Unusable {
  return new Unusable({
    seen: `These are ${files} files of ${formatBytes(bytes)}`,
    need: `At most ${MOST_FILES} files of ${formatBytes(MOST_BYTES)}`,
    fix: 'Name the folder where it is: nothing has to be copied then',
  });
}

function moreThanSaid(path: string): Unusable {
  return new Unusable({
    seen: `${path} is more than was announced`,
    need: 'The files that were dropped, as they were then',
    fix: 'Drop the folder again',
  });
}
