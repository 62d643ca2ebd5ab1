/** @file Starting and stopping a server, on this machine alone. */
import type { AddressInfo } from 'node:net';
import { createAdaptorServer, type ServerType } from '@hono/node-server';
import type { Hono } from 'hono';
import { RunError } from '../base/errors.ts';
import { type Address, keepAddress, newKey, readAddress } from './address.ts';
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

interface LabellingOptions extends LabelOptions, ServeOptions {
  /** A run over these images, whose doubts count when images are suggested. */
  readonly run: string | undefined;
}

/** Serves the review of a run. @throws RunError as openReview, and where the port is taken. */
export function startReview(options: ReviewOptions & ServeOptions): Promise<Running> {
  return serveRoom(() => openReview(options), options);
}

/** Serves the labelling of a folder. @throws PackmuleError as openLabels, and where the port is taken. */
export function startLabelling({ run, ...options }: LabellingOptions): Promise<Running> {
  return serveRoom(async () => {
    const room = await openLabels(options);
    if (run === undefined) return room;
    await room.learnFrom(run).catch(async (error: unknown) => {
      await room.close();
      throw error;
    });
    return room;
  }, options);
}

async function serveRoom(
  open: () => Promise<OpenRoom>,
  { port, note }: ServeOptions & Pick<ReviewOptions, 'note'>,
): Promise<Running> {
  const site = await readSite();
  const { parts, address, close } = await open();
  return serve((key) => createRoomApp(parts, { site, key, note }), { port, address }, close);
}

export interface ServePlace extends ServeOptions {
  /** The file that remembers where the last server of the same kind was. */
  readonly address?: string;
}

/**
 * Listens until it is closed; `end` is called then, or where it cannot listen.
 * @throws RunError where the port is taken.
 */
export async function serve(
  createApp: (key: Shell['key']) => Hono,
  { port, address }: ServePlace,
  end: () => Promise<void>,
): Promise<Running> {
  const { server, ...found } = await listenAsBefore(createApp, port, address).catch(
    async (cause: unknown) => {
      await end();
      throw portError(port, cause as Error);
    },
  );
  if (address !== undefined) await keepAddress(address, found);
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
    url: `http://127.0.0.1:${found.port}/${found.key}/`,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

interface Listening extends Address {
  readonly server: ServerType;
}

/** At the remembered address where that is free and `port` allows it, else at a new one. */
async function listenAsBefore(
  createApp: (key: Shell['key']) => Hono,
  port: number,
  address: string | undefined,
): Promise<Listening> {
  const listen = async ({ port: asked, key }: Address): Promise<Listening> => {
    const server = createAdaptorServer({ fetch: createApp(key).fetch });
    const found = await new Promise<number>((done, fail) => {
      server.once('error', fail);
      server.listen(asked, '127.0.0.1', () => done((server.address() as AddressInfo).port));
    });
    return { server, port: found, key };
  };
  const before = address === undefined ? undefined : await readAddress(address);
  const again =
    before !== undefined && (port === 0 || port === before.port)
      ? await listen(before).catch(() => undefined)
      : undefined;
  return again ?? listen({ port, key: newKey() });
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
