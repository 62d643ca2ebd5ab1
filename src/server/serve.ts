/** @file Starting and stopping a server, on this machine alone. */
import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import { RunError } from '../base/errors.ts';
import { createRoomApp, type Shell } from './app.ts';
import { type LabelOptions, type OpenRoom, openLabels, openReview, type ReviewOptions } from './open-room.ts';
import { readSite } from './site.ts';

interface ServeOptions {
  /** 0: any free one. */
  readonly port: number;
}

export interface Running {
  /** With the key; whoever has it can do what the page can. */
  readonly url: string;
  /** Lets what is being written end; once is enough. */
  close(): Promise<void>;
}

/** Serves the review of a run. @throws RunError as openReview, and where the port is taken. */
export function startReview(options: ReviewOptions & ServeOptions): Promise<Running> {
  return serveRoom(() => openReview(options), options);
}

/** Serves the labelling of a folder. @throws PackmuleError as openLabels, and where the port is taken. */
export function startLabelling(options: LabelOptions & ServeOptions): Promise<Running> {
  return serveRoom(() => openLabels(options), options);
}

async function serveRoom(
  open: () => Promise<OpenRoom>,
  { port, note }: ServeOptions & Pick<ReviewOptions, 'note'>,
): Promise<Running> {
  const site = await readSite();
  const { parts, close } = await open();
  return serve((key) => createRoomApp(parts, { site, key, note }), port, close);
}

/**
 * Listens until it is closed; `end` is called then, or where it cannot listen.
 * @throws RunError where the port is taken.
 */
export async function serve(
  createApp: (key: Shell['key']) => Hono,
  port: number,
  end: () => Promise<void>,
): Promise<Running> {
  const key = randomBytes(24).toString('base64url');
  const server = createAdaptorServer({ fetch: createApp(key).fetch });
  const found = await new Promise<number>((done, fail) => {
    server.once('error', (cause) => fail(portError(port, cause)));
    server.listen(port, '127.0.0.1', () => done((server.address() as AddressInfo).port));
  }).catch(async (error: unknown) => {
    await end();
    throw error;
  });
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await new Promise((done) => {
      server.close(done);
      // Pages listen for events for as long as they are open.
      if ('closeAllConnections' in server) server.closeAllConnections();
    });
    await end();
  };
  return {
    url: `http://127.0.0.1:${found}/${key}/`,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

function portError(port: number, cause: Error): RunError {
  return new RunError(
    {
      seen: `Port ${port} of this machine cannot be used (${cause.message})`,
      need: 'A free port',
      fix: 'Choose another --port, or leave it out',
    },
    { cause },
  );
}
