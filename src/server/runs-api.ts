/** @file What the runs page asks for: the list, one run as it stands and as it goes on, its report, stopping it. */
import { readFile } from 'node:fs/promises';
import { type Context, Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { binary } from './answers.ts';
import type { Children } from './children.ts';
import { createMemory } from './memory.ts';
import { fileInside } from './places.ts';
import { NotFound } from './refusals.ts';
import { type RunShelf, TABLE_FILE } from './run-shelf.ts';

/** How often the files of a run are looked at while somebody watches. */
const LOOK_MS = 1000;

/**
 * A page from a folder of runs may come from anywhere: it is shown without scripts and without an origin, so that it
 * can ask this server nothing, and may load nothing.
 */
const STRANGE_PAGE =
  "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

export function runsApi(shelf: RunShelf, children: Children): Hono {
  const api = new Hono();
  api.get('/', async (context) => context.json(await shelf.list()));

  api.get('/:run', async (context) => context.json(await shelf.detail(context.req.param('run'))));

  api.post('/:run/stop', (context) => {
    children.stop(shelf.folderOf(context.req.param('run')));
    return context.body(null, 204);
  });

  api.get('/:run/report', (context) =>
    strangePage(context, shelf.folderOf(context.req.param('run')), 'report.html'),
  );
  api.get('/:run/table', (context) =>
    strangePage(context, shelf.folderOf(context.req.param('run')), TABLE_FILE),
  );

  // Several pages may watch one run: its files are read once for all of them.
  const looks = createMemory<string>(32);
  api.get('/:run/events', (context) => {
    const id = context.req.param('run');
    shelf.folderOf(id);
    return streamSSE(context, async (stream) => {
      let before = '';
      for (let look = 0; !stream.aborted; look++) {
        const now = await looks.get(`${id} ${Math.floor(Date.now() / LOOK_MS)}`, async () =>
          JSON.stringify(await shelf.detail(id)),
        );
        if (now !== before) await stream.writeSSE({ event: 'run', data: now });
        else if (look % 15 === 0) await stream.writeSSE({ event: 'alive', data: '' });
        before = now;
        await stream.sleep(LOOK_MS);
      }
    });
  });
  return api;
}

async function strangePage(context: Context, folder: string, name: string): Promise<Response> {
  const path = await fileInside(folder, name);
  if (path === undefined) throw new NotFound('There is no such page yet');
  const response = binary(
    context,
    new Uint8Array(await readFile(path)),
    'text/html; charset=utf-8',
    'no-store',
  );
  // The guard leaves a policy that is set.
  response.headers.set('Content-Security-Policy', STRANGE_PAGE);
  return response;
}
