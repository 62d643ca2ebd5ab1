/** @file The server of `packmule` without arguments: start page, runs, and a room for each folder and run that is opened. */
import { randomUUID } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { Hono } from 'hono';
import { z } from 'zod';
import { folderRequestSchema, type RoomOpened } from '../desk/protocol.ts';
import { readBody } from './answers.ts';
import { createShell, type Shell, servePage } from './app.ts';
import { type Children, createChildren, type Program } from './children.ts';
import { type OpenLabelRoom, type OpenRoom, openLabels, openReview } from './open-room.ts';
import { createPlaces } from './places.ts';
import { dataSettings } from './recognise.ts';
import { NotFound } from './refusals.ts';
import { roomApi } from './room-api.ts';
import { labelsStamp, reviewStamp } from './room-stamp.ts';
import { createRunShelf } from './run-shelf.ts';
import { runsApi } from './runs-api.ts';
import { type Running, serve } from './serve.ts';
import { readSite } from './site.ts';
import type { ModelSource } from './smart-edit.ts';
import { startApi } from './start-api.ts';
import { createUploads } from './uploads.ts';

export interface HouseOptions {
  /** Where new data and runs go unless the page says otherwise. */
  readonly project: string;
  readonly userHome: string;
  /** Folders below which the page may look, the home among them. */
  readonly roots: readonly string[];
  readonly reviewer: string;
  readonly port: number;
  readonly program: Program;
  /** The model of smart edit: of a run, or where there is none. */
  readonly modelOf: (run: string | undefined) => Promise<ModelSource | undefined>;
  readonly note: (text: string) => void;
}

interface Entry {
  readonly id: string;
  /** Of what the room was made of when it was opened. */
  readonly stamp: string;
  readonly room: Promise<OpenRoom>;
}

/** Rooms by the folder or run that they are of, opened or being opened. */
export type Rooms = Map<string, Entry>;

const reviewRequestSchema = z.strictObject({ run: z.string() });

/** @throws RunError where the port is taken. */
export async function startHouse(options: HouseOptions): Promise<Running> {
  const site = await readSite();
  const children = createChildren(options.program);
  const rooms: Rooms = new Map();
  const app = await createHouse(options, children, rooms);
  return serve(
    (key) => app({ site, key, note: options.note }),
    { port: options.port },
    async () => {
      await children.close();
      for (const { room } of rooms.values()) await (await room.catch(() => undefined))?.close();
    },
  );
}

/** What is served, with rooms as they are opened; the caller closes them. */
export async function createHouse(
  options: Omit<HouseOptions, 'port' | 'program'>,
  children: Children,
  rooms: Rooms,
): Promise<(shell: Shell) => Hono> {
  const { userHome, reviewer, modelOf, note } = options;
  // As places tell folders: a run has one path, also where the project is on a mapped drive or behind a link.
  const project = await realpath(options.project).catch(() => options.project);
  const places = await createPlaces([...options.roots, project]);
  const shelf = createRunShelf([`${project}/runs`], children);
  const uploads = createUploads(places);
  const opened = new Map<string, OpenRoom>();
  const begin = async (id: string, make: () => Promise<OpenRoom>, before?: Entry): Promise<OpenRoom> => {
    const last = await before?.room.catch(() => undefined);
    if (before !== undefined) opened.delete(before.id);
    await last?.close();
    const room = await make();
    opened.set(id, room);
    return room;
  };
  /**
   * The room of a folder or run is opened once, and anew where its stamp is another one. That has another address: what
   * pages of the room before show is not what would be decided about.
   */
  const open = async <T extends OpenRoom>(
    what: string,
    stamp: string,
    make: () => Promise<T>,
  ): Promise<{ readonly address: RoomOpened; readonly room: T }> => {
    const before = rooms.get(what);
    const id = randomUUID();
    const entry = before?.stamp === stamp ? before : { id, stamp, room: begin(id, make, before) };
    rooms.set(what, entry);
    try {
      return { address: { path: `room/${entry.id}/` }, room: (await entry.room) as T };
    } catch (error) {
      // One that could not be opened is tried again.
      if (rooms.get(what) === entry) rooms.delete(what);
      throw error;
    }
  };

  const api = new Hono();
  api.route('/', startApi({ project, userHome, places, uploads, shelf, children }));
  api.route('/runs', runsApi(shelf, children));
  api.post('/rooms/review', async (context) => {
    const folder = shelf.folderOf((await readBody(context, reviewRequestSchema)).run);
    const { address } = await open(`review ${folder}`, await reviewStamp(folder), async () =>
      openReview({ folder, reviewer, model: await modelOf(folder), note }),
    );
    return context.json(address);
  });
  api.post('/rooms/labels', async (context) => {
    const folder = await places.folder((await readBody(context, folderRequestSchema)).folder);
    const data = await dataSettings(folder);
    const { address, room } = await open<OpenLabelRoom>(
      `labels ${folder}`,
      await labelsStamp(data),
      async () => openLabels({ data, reviewer, model: await modelOf(undefined), note }),
    );
    // A room may have been open before there was a run.
    const run = await shelf.newestOf(folder);
    if (run !== undefined) await room.learnFrom(run);
    return context.json(address);
  });

  return (shell) => {
    const app = createShell(shell);
    app.route('/:key/api', api);
    app.route(
      '/:key/room/:room/api',
      roomApi((context) => {
        const room = opened.get(context.req.param('room') ?? '');
        if (room === undefined)
          throw new NotFound('This room is not open any more', 'Open it again from the start page');
        return room.parts;
      }),
    );
    servePage(app, '/:key/room/:room', 'index.html', shell);
    servePage(app, '/:key', 'start.html', shell);
    return app;
  };
}
