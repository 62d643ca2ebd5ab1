/** @file The server as a whole: who may ask, which page is shown, what is answered. All paths begin with the key. */
import { Hono } from 'hono';
import { binary, refuseError } from './answers.ts';
import { guard } from './guard.ts';
import { NotFound } from './refusals.ts';
import { type RoomParts, roomApi } from './room-api.ts';
import type { SiteFile } from './site.ts';

export interface Shell {
  readonly site: ReadonlyMap<string, SiteFile>;
  /** The secret first part of every path. */
  readonly key: string;
  /** For the terminal: a defect of ours. */
  readonly note: (text: string) => void;
}

/** A server of one room: its page, and what that asks for. */
export function createRoomApp(parts: RoomParts, shell: Shell): Hono {
  const app = createShell(shell);
  app.route(
    '/:key/api',
    roomApi(() => parts),
  );
  servePage(app, '/:key', 'index.html', shell);
  return app;
}

/** Guards everything that is put on it, and turns errors into answers. */
export function createShell({ key, note }: Shell): Hono {
  const app = new Hono();
  app.use('*', guard(key));
  app.notFound((context) => refuseError(context, new NotFound('There is no such page'), note));
  app.onError((error, context) => refuseError(context, error, note));
  return app;
}

/** Puts a page and the files of all pages under a path, such as `/:key`. */
export function servePage(app: Hono, base: string, page: string, { site }: Shell): void {
  const depth = base.split('/').length;
  app.get(`${base}/*`, (context) => {
    const path = new URL(context.req.url).pathname.split('/').slice(depth);
    const file = site.get(path.join('/') || page);
    if (file === undefined) throw new NotFound('There is no such page');
    // Names of built files change with their content; the page itself keeps its name.
    const isHashed = path[0] === 'assets';
    return binary(
      context,
      file.bytes,
      file.type,
      isHashed ? 'private, max-age=31536000, immutable' : 'no-store',
    );
  });
}
