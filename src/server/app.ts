/** @file The review server: what it answers to which request. All paths begin with the key. */
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { streamSSE } from 'hono/streaming';
import {
  type DecisionAnswer,
  decisionRequestSchema,
  type ItemEvent,
  type RoomState,
  segmentRequestSchema,
} from '../review/protocol.ts';
import { readBody, refuse, refuseError } from './answers.ts';
import { createBroadcast } from './events.ts';
import { guard } from './guard.ts';
import type { Pictures } from './pictures.ts';
import { NotFound } from './refusals.ts';
import type { ReviewRoom } from './room.ts';
import type { SiteFile } from './site.ts';
import type { SmartEdit } from './smart-edit.ts';

export interface AppParts {
  readonly room: ReviewRoom;
  readonly pictures: Pictures;
  readonly smartEdit: SmartEdit;
  readonly site: ReadonlyMap<string, SiteFile>;
  /** The secret first part of every path. */
  readonly key: string;
  /** For the terminal: a defect of ours. */
  readonly note: (text: string) => void;
}

/** Larger than the run lengths of any mask that a person draws. */
const MOST_BYTES = 4 * 2 ** 20;

/** Events of silence would be taken for a lost connection. */
const HEARTBEAT_MS = 15_000;

export function createApp({ room, pictures, smartEdit, site, key, note }: AppParts): Hono {
  const decided = createBroadcast<ItemEvent>();
  const api = new Hono();

  api.get('/room', (context) =>
    context.json({ ...room.state(), smartEdit: smartEdit.state } satisfies RoomState),
  );

  api.get('/images/:image/pixels', async (context) => {
    const { bits, data } = await pictures.image(room.caseOf(context.req.param('image')));
    // Row-major, 16 bits with the low byte first; the size stands in the room.
    context.header('Packmule-Bits', String(bits));
    return binary(context, littleEndian(data), 'application/octet-stream', 'private, max-age=3600');
  });

  api.get('/images/:image/masks', (context) => context.json(room.masksOf(context.req.param('image'))));

  api.get('/images/:image/thumbnails/:class', async (context) => {
    const { image, class: index } = context.req.param();
    const classIndex = Number(index);
    if (!Number.isInteger(classIndex)) throw new NotFound(`There is no class number ${index}`);
    const png = await pictures.thumbnail(room.caseOf(image), room.standing(image, classIndex));
    // The page asks for another address when a decision changed the mask.
    return binary(context, new Uint8Array(png), 'image/png', 'private, max-age=3600');
  });

  api.post('/decisions', async (context) => {
    const { saved, item } = await room.decide(await readBody(context, decisionRequestSchema));
    if (saved) decided.send(item);
    return context.json({ item } satisfies DecisionAnswer, saved ? 200 : 409);
  });

  api.post('/images/:image/prepare', async (context) => {
    await smartEdit.prepare(room.caseOf(context.req.param('image')));
    return context.body(null, 204);
  });

  api.post('/images/:image/segment', async (context) => {
    const item = room.caseOf(context.req.param('image'));
    const { box, points } = await readBody(context, segmentRequestSchema);
    return context.json(
      await smartEdit.segment(item, { ...(box && { box }), ...(points.length > 0 && { points }) }),
    );
  });

  api.get('/events', (context) =>
    streamSSE(context, async (stream) => {
      const silence = decided.listen((item) => {
        void stream.writeSSE({ event: 'item', data: JSON.stringify(item) });
      });
      stream.onAbort(silence);
      while (!stream.aborted) {
        await stream.writeSSE({ event: 'alive', data: '' });
        await stream.sleep(HEARTBEAT_MS);
      }
    }),
  );

  const app = new Hono();
  app.use('*', guard(key));
  app.use(
    '*',
    bodyLimit({
      maxSize: MOST_BYTES,
      onError: (context) =>
        refuse(context, 413, {
          seen: 'The request is larger than any mask',
          need: `At most ${MOST_BYTES / 2 ** 20} MB`,
          fix: 'Load the page again',
        }),
    }),
  );
  app.route('/:key/api', api);
  app.get('/:key/*', (context) => {
    const [, , ...path] = new URL(context.req.url).pathname.split('/');
    const file = site.get(path.join('/') || 'index.html');
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
  app.notFound((context) => refuseError(context, new NotFound('There is no such page'), note));
  app.onError((error, context) => refuseError(context, error, note));
  return app;
}

function binary(context: Context, bytes: Uint8Array<ArrayBuffer>, type: string, caching: string): Response {
  context.header('Content-Type', type);
  context.header('Cache-Control', caching);
  return context.body(bytes);
}

function littleEndian(data: Uint8Array | Uint16Array): Uint8Array<ArrayBuffer> {
  if (data instanceof Uint8Array) return new Uint8Array(data);
  const bytes = new Uint8Array(2 * data.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < data.length; i++) view.setUint16(2 * i, data[i]!, true);
  return bytes;
}
