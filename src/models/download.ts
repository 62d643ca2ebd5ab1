/**
 * @file Downloads one file from one address: goes on where it was cut off, waits and tries again, and believes
 * nothing but the file's hash.
 *
 * The bytes grow in `<path>.partial`; `<path>.partial.json` says of which address and version (ETag) they are. A part
 * is continued only while the server says that the file is still that version (If-Range, RFC 9110 section 13.1.5).
 */
import { type FileHandle, open, readFile, rm } from 'node:fs/promises';
import { writeError, writeFileAtomic } from '../base/files.ts';
import { hashFile } from '../base/hash.ts';
import { renameFile } from '../base/rename.ts';
import type { ModelEnvironment } from './environment.ts';
import { fileSize } from './locate.ts';
import { connectionFailure, pause, requestFile, SourceFailure } from './request.ts';

/** What is known of the file beforehand. */
export interface Wanted {
  readonly bytes: number;
  readonly sha256: string;
}

export interface Patience {
  /** A connection that is silent for so long is cut, ms. */
  readonly stallMs: number;
  /** Before the first new attempt; doubled before each further one, ms. */
  readonly backoffMs: number;
  /** New attempts without a single new byte. */
  readonly attempts: number;
}

export const DEFAULT_PATIENCE: Patience = { stallMs: 30_000, backoffMs: 1_000, attempts: 5 };

/** A server may ask for any time; nobody waits longer than this at once. */
const LONGEST_PAUSE_MS = 60_000;

export interface DownloadContext {
  readonly environment: ModelEnvironment;
  readonly patience: Patience;
  readonly signal: AbortSignal;
  /** Bytes that are here. */
  readonly onProgress: (bytes: number) => void;
  /** A sentence for the user. */
  readonly onNote: (text: string) => void;
}

/** Of which version of which address a partial file holds the start. */
interface PartialRecord {
  readonly address: string;
  readonly validator: string;
}

export const partialPath = (path: string): string => `${path}.partial`;
/** Held by the process that downloads to `path`. */
export const lockPath = (path: string): string => `${path}.lock`;
const recordPath = (path: string): string => `${path}.partial.json`;

/** Removes what an unfinished download left. */
export async function removePartial(path: string): Promise<void> {
  await rm(partialPath(path), { force: true });
  await rm(recordPath(path), { force: true });
}

/**
 * Downloads to `path`, which appears only when it is whole and its hash is right.
 * @throws SourceFailure where this address does not give the file; RunError for a full disk; the signal's reason.
 * What is here so far is kept, unless its hash was wrong.
 */
export async function downloadFile(
  address: string,
  path: string,
  wanted: Wanted,
  context: DownloadContext,
): Promise<void> {
  for (let isSecond = false; ; isSecond = true) {
    const inParts = await fetchAll(address, path, wanted, context);
    const found = await hashFile(partialPath(path));
    if (found === wanted.sha256) break;
    await removePartial(path);
    if (!inParts || isSecond) {
      throw new SourceFailure('final', `sent a file with the SHA-256 ${found} instead of ${wanted.sha256}`);
    }
    context.onNote('The parts of the file do not fit together; starting anew.');
  }
  await renameFile(partialPath(path), path).catch((cause: unknown) => {
    throw writeError(path, cause);
  });
  await removePartial(path);
}

/** Fetches until all bytes are here; returns whether they came in more than one part. */
async function fetchAll(
  address: string,
  path: string,
  wanted: Wanted,
  context: DownloadContext,
): Promise<boolean> {
  const { patience, signal } = context;
  let most = (await fileSize(partialPath(path))) ?? 0;
  let inParts = most > 0;
  let failures = 0;
  let hasAnswered = false;
  for (;;) {
    signal.throwIfAborted();
    try {
      await fetchRest(address, path, wanted, context);
      return inParts;
    } catch (error) {
      if (!(error instanceof SourceFailure)) throw error;
      const here = (await fileSize(partialPath(path))) ?? 0;
      failures = here > most ? 1 : failures + 1;
      most = Math.max(most, here);
      inParts = true;
      hasAnswered ||= error.kind === 'temporary';
      // A host that answered before is only away for a while.
      if (error.kind === 'final' || !hasAnswered || failures > patience.attempts) throw error;
      const backoffMs = patience.backoffMs * 2 ** (failures - 1);
      const pauseMs = Math.min(LONGEST_PAUSE_MS, error.retryAfterMs ?? backoffMs);
      const host = new URL(address).host;
      context.onNote(`${host} ${error.message}; trying again in ${Math.ceil(pauseMs / 1000)} s.`);
      await pause(pauseMs, signal);
    }
  }
}

/** One connection: asks for what is missing and writes it. Returns when all bytes are here. */
async function fetchRest(
  address: string,
  path: string,
  { bytes, sha256 }: Wanted,
  context: DownloadContext,
): Promise<void> {
  const partial = partialPath(path);
  const record = await readRecord(path);
  const isContinued = record?.address === address;
  const offset = isContinued ? ((await fileSize(partial)) ?? 0) : 0;
  if (isContinued && offset === bytes) return;
  const watch = watchSilence(context);
  try {
    const part = { offset, validator: record?.validator };
    const { response, announcedSha256 } = await watch.during((signal) =>
      requestFile(address, part, context.environment, signal),
    );
    if (announcedSha256 !== undefined && announcedSha256 !== sha256) {
      await response.body?.cancel();
      throw new SourceFailure(
        'final',
        `announces a file with the SHA-256 ${announcedSha256} instead of ${sha256}`,
      );
    }
    const start = startOf(response, offset);
    if (start === undefined) {
      await response.body?.cancel();
      await removePartial(path);
      throw new SourceFailure('temporary', 'does not go on where the file was cut off');
    }
    const total = totalOf(response, start);
    if (total !== undefined && total !== bytes) {
      await response.body?.cancel();
      throw new SourceFailure('final', `has a file of ${total} bytes instead of ${bytes}`);
    }
    if (start === 0) await writeRecord(path, address, response);
    await writeBody(response, path, start, bytes, watch, context);
  } finally {
    watch.stop();
  }
}

/** At which byte the body starts, or undefined where it cannot be used. */
function startOf(response: Response, offset: number): number | undefined {
  if (response.status === 200) return 0;
  const [, first] = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '') ?? [];
  return response.status === 206 && Number(first) === offset ? offset : undefined;
}

/** The size of the whole file as far as the server tells it. */
function totalOf({ headers }: Response, start: number): number | undefined {
  const [, total] = /\/(\d+)$/.exec(headers.get('content-range') ?? '') ?? [];
  const length = headers.get('content-length');
  if (total !== undefined) return Number(total);
  return length === null ? undefined : start + Number(length);
}

async function writeBody(
  response: Response,
  path: string,
  start: number,
  bytes: number,
  watch: SilenceWatch,
  { onProgress }: DownloadContext,
): Promise<void> {
  const partial = partialPath(path);
  const file = await open(partial, start === 0 ? 'w' : 'a').catch((cause: unknown) => {
    throw writeError(partial, cause);
  });
  try {
    const reader = response.body!.getReader();
    let here = start;
    onProgress(here);
    for (;;) {
      const { done, value } = await watch.during(() =>
        reader.read().catch((cause: unknown) => Promise.reject(connectionFailure(cause))),
      );
      if (done) break;
      if (here + value.length > bytes) {
        await reader.cancel();
        await removePartial(path);
        throw new SourceFailure('final', `sends more than the ${bytes} bytes of the file`);
      }
      await append(file, partial, value);
      here += value.length;
      onProgress(here);
    }
    if (here < bytes) throw new SourceFailure('temporary', 'cut the connection');
    await file.sync().catch((cause: unknown) => {
      throw writeError(partial, cause);
    });
  } finally {
    await file.close();
  }
}

async function append(file: FileHandle, path: string, chunk: Uint8Array): Promise<void> {
  await file.writeFile(chunk).catch((cause: unknown) => {
    throw writeError(path, cause);
  });
}

interface SilenceWatch {
  /** Does something that waits for the server. @throws SourceFailure when it is silent for too long. */
  during<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  stop(): void;
}

/** Cuts a connection that is silent for too long, or that the user gives up. */
function watchSilence({ patience, signal }: DownloadContext): SilenceWatch {
  const silence = new AbortController();
  const either = AbortSignal.any([signal, silence.signal]);
  const seconds = Math.ceil(patience.stallMs / 1000);
  return {
    during: async (work) => {
      const timer = setTimeout(
        () => silence.abort(new SourceFailure('temporary', `was silent for ${seconds} s`)),
        patience.stallMs,
      );
      try {
        return await work(either);
      } catch (error) {
        either.throwIfAborted();
        throw error;
      } finally {
        clearTimeout(timer);
      }
    },
    // Frees the connection where it was left in the middle.
    stop: () => silence.abort(),
  };
}

async function readRecord(path: string): Promise<PartialRecord | undefined> {
  try {
    return JSON.parse(await readFile(recordPath(path), 'utf8')) as PartialRecord;
  } catch {
    return undefined;
  }
}

/** Without a strong validator nothing tells whether a later part is of the same file: then there is no record. */
async function writeRecord(path: string, address: string, { headers }: Response): Promise<void> {
  const validator = headers.get('etag');
  if (validator === null || validator.startsWith('W/')) {
    await rm(recordPath(path), { force: true });
    return;
  }
  const record: PartialRecord = { address, validator };
  await writeFileAtomic(recordPath(path), `${JSON.stringify(record)}\n`);
}
