/** @file A local HTTP server for downloads that can misbehave, and a model small enough to be one. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';
import { createRng } from '../../src/base/rng.ts';
import { type ModelEnvironment, modelEnvironment } from '../../src/models/environment.ts';
import { fileSize } from '../../src/models/locate.ts';
import type { PullObserver, PullOptions } from '../../src/models/pull.ts';
import type { HubFile, ModelEntry, ModelSource } from '../../src/models/registry.ts';

/** An address of this machine at which nobody listens any more. */
export async function closedAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return `http://127.0.0.1:${port}`;
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface TestServer {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly requests: readonly IncomingMessage[];
}

const running: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((close) => close()));
});

/** Answers the first request by the first handler and so on, further ones by the last. Ends with the test. */
export async function serve(...handlers: readonly Handler[]): Promise<TestServer> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    handlers[Math.min(requests.length, handlers.length) - 1]!(request, response);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  running.push(
    () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  );
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

/** Weights of no model: 300 kB of noise. */
export const CONTENT = ((): Uint8Array => {
  const rng = createRng(5);
  return Uint8Array.from({ length: 300_000 }, () => rng.below(256));
})();

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export interface FileOptions {
  readonly content?: Uint8Array;
  readonly etag?: string;
  /** Cuts the connection after so many bytes of the body, once they have arrived in the file. */
  readonly cutAfter?: number;
  readonly arrivesIn?: string;
  /** Goes silent after so many bytes of the body. */
  readonly stallAfter?: number;
}

/** A well-behaved server of one file, up to the point where it is cut or goes silent. */
export function file(options: FileOptions = {}): Handler {
  const { content = CONTENT, etag = '"v1"', cutAfter, stallAfter, arrivesIn } = options;
  return (request, response) => {
    const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
    const validator = request.headers['if-range'];
    const start = from !== undefined && (validator === undefined || validator === etag) ? Number(from) : 0;
    if (start >= content.length) {
      response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
      return;
    }
    const body = content.subarray(start);
    response.writeHead(start > 0 ? 206 : 200, {
      etag,
      'content-length': body.length,
      ...(start > 0 && { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` }),
    });
    const end = cutAfter ?? stallAfter;
    if (end === undefined || end >= body.length) response.end(body);
    else {
      response.write(body.subarray(0, end));
      if (cutAfter !== undefined) void arrival(arrivesIn, start + end).then(() => response.destroy());
    }
  };
}

/** What a client has not read yet when a connection ends is lost to it: waits for a file to have so many bytes. */
async function arrival(path = '', bytes = 0): Promise<void> {
  for (let look = 0; look < 1000 && (await fileSize(path)) !== bytes; look++) {
    await new Promise((next) => setTimeout(next, 5));
  }
}

export const status =
  (code: number, headers: Record<string, string> = {}): Handler =>
  (_request, response) => {
    response.writeHead(code, headers).end('no');
  };

export const redirect = (target: string, headers: Record<string, string> = {}): Handler =>
  status(302, { location: target, ...headers });

export function entryOf(...sources: readonly ModelSource[]): ModelEntry {
  return {
    name: 'tiny',
    file: 'tiny.pth',
    bytes: CONTENT.length,
    sha256: sha256(CONTENT),
    licence: 'none',
    purpose: 'tests',
    preprocessing: 'sam',
    sources,
  };
}

/** A file on the hub, which HF_ENDPOINT names. */
export const ON_HUB: HubFile = { repository: 'owner/name', revision: 'abc', path: 'weights/tiny.pth' };

export interface Notes extends PullObserver {
  readonly notes: string[];
  /** Fractions and details, in their order. */
  readonly shown: [fraction: number, detail: string | undefined][];
}

export function takeNotes(onNote: (text: string) => void = () => undefined): Notes {
  const notes: string[] = [];
  const shown: Notes['shown'] = [];
  return {
    notes,
    shown,
    stageStarted: () => undefined,
    stageFinished: () => undefined,
    progress: (fraction, detail) => shown.push([fraction, detail]),
    note: (text) => {
      notes.push(text);
      onNote(text);
    },
  };
}

/** Variables of a machine on which nothing is but the folder. */
export function environmentIn(
  folder: string,
  variables: Readonly<Record<string, string>> = {},
): ModelEnvironment {
  return modelEnvironment({ PACKMULE_HOME: folder, ...variables }, { home: folder, platform: 'linux' });
}

/** Impatient enough for tests. */
export const IMPATIENT = { stallMs: 1000, backoffMs: 1, attempts: 3 };

export function pullOptions(environment: ModelEnvironment, more: Partial<PullOptions> = {}): PullOptions {
  return { environment, observer: takeNotes(), patience: IMPATIENT, ...more };
}
