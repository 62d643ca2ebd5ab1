/** @file What the page of a room asks for: images, masks, decisions, smart edit, and labels where they are drawn. */
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { streamSSE } from 'hono/streaming';
import { classChangeSchema, doneRequestSchema } from '../label/protocol.ts';
import {
  type DecisionAnswer,
  decisionRequestSchema,
  draftRequestSchema,
  type RoomEvent,
  type RoomState,
  segmentRequestSchema,
} from '../review/protocol.ts';
import { binary, readBody, refuse } from './answers.ts';
import type { Broadcast } from './events.ts';
import type { Pictures } from './pictures.ts';
import { NotFound } from './refusals.ts';
import type { LabelRoom, ReviewRoom, Room } from './room.ts';
import type { SmartEdit } from './smart-edit.ts';

export interface RoomParts {
  readonly room: Room;
  /** The same room, where the masks of a run are decided about in it. */
  readonly reviewRoom?: ReviewRoom;
  /** The same room, where images are labelled in it. */
  readonly labelRoom?: LabelRoom;
  readonly pictures: Pictures;
  readonly smartEdit: SmartEdit;
  /** Tells all open pages of the room. */
  readonly events: Broadcast<RoomEvent>;
}

/** Larger than the run lengths of any mask that a person draws. */
const MOST_BYTES = 4 * 2 ** 20;

/** The page asks for another address when a decision changed the masks, and when the room was opened anew. */
const THUMBNAIL_CACHING = 'private, max-age=3600';

/** Events of silence would be taken for a lost connection. */
const HEARTBEAT_MS = 15_000;

/** `partsOf` finds the room that a request is about. @throws NotFound where there is none. */
export function roomApi(partsOf: (context: Context) => RoomParts): Hono {
  const api = new Hono();
  const imageOf = (context: Context) => partsOf(context).room.caseOf(context.req.param('image') ?? '');

  api.use(
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

  api.get('/room', (context) => {
    const { room, smartEdit, pictures } = partsOf(context);
    const { edition } = pictures;
    return context.json({ ...room.state(), smartEdit: smartEdit.state, edition } satisfies RoomState);
  });

  api.get('/images/:image/pixels', async (context) => {
    const { bits, data } = await partsOf(context).pictures.image(imageOf(context));
    // The page keeps the images that it needs. Row-major, 16 bits with the low byte first; the size stands in the room.
    context.header('Packmule-Bits', String(bits));
    return binary(context, littleEndian(data), 'application/octet-stream', 'no-store');
  });

  api.get('/images/:image/masks', (context) =>
    context.json(partsOf(context).room.masksOf(context.req.param('image'))),
  );

  api.get('/images/:image/thumbnail', async (context) => {
    const { room, pictures } = partsOf(context);
    const item = imageOf(context);
    const structures = room.classes().flatMap((_, index) => room.standing(item.id, index) ?? []);
    const png = await pictures.overview(item, structures);
    return binary(context, new Uint8Array(png), 'image/png', THUMBNAIL_CACHING);
  });

  api.get('/images/:image/thumbnails/:class', async (context) => {
    const { room, pictures } = partsOf(context);
    const index = context.req.param('class');
    const classIndex = Number(index);
    if (!Number.isInteger(classIndex)) throw new NotFound(`There is no class number ${index}`);
    const item = imageOf(context);
    const png = await pictures.thumbnail(item, room.standing(item.id, classIndex));
    return binary(context, new Uint8Array(png), 'image/png', THUMBNAIL_CACHING);
  });

  api.post('/decisions', async (context) => {
    const { room, events } = partsOf(context);
    const { saved, item } = await room.decide(await readBody(context, decisionRequestSchema));
    if (saved) events.send({ event: 'item', data: item });
    return context.json({ item } satisfies DecisionAnswer, saved ? 200 : 409);
  });

  api.post('/drafts', async (context) => {
    const { reviewRoom } = partsOf(context);
    if (reviewRoom === undefined) throw new NotFound('There are no drafts here: drawings are saved at once');
    await reviewRoom.keepDraft(await readBody(context, draftRequestSchema));
    return context.body(null, 204);
  });

  api.post('/images/:image/prepare', async (context) => {
    await partsOf(context).smartEdit.prepare(imageOf(context));
    return context.body(null, 204);
  });

  api.post('/images/:image/segment', async (context) => {
    const item = imageOf(context);
    const { box, points } = await readBody(context, segmentRequestSchema);
    return context.json(
      await partsOf(context).smartEdit.segment(item, {
        ...(box && { box }),
        ...(points.length > 0 && { points }),
      }),
    );
  });

  api.post('/classes', async (context) => {
    const { events } = partsOf(context);
    const room = labelRoomOf(partsOf(context));
    await room.changeClasses(await readBody(context, classChangeSchema));
    events.send({ event: 'labels', data: room.labels() });
    return context.json(room.labels());
  });

  api.post('/images/:image/done', async (context) => {
    const { events } = partsOf(context);
    const room = labelRoomOf(partsOf(context));
    const kept = await room.finish(
      context.req.param('image'),
      (await readBody(context, doneRequestSchema)).done,
    );
    for (const item of kept) events.send({ event: 'item', data: item });
    events.send({ event: 'labels', data: room.labels() });
    return context.json(room.labels());
  });

  api.get('/events', (context) => {
    const { events } = partsOf(context);
    return streamSSE(context, async (stream) => {
      const silence = events.listen(({ event, data }) => {
        void stream.writeSSE({ event, data: JSON.stringify(data) });
      });
      stream.onAbort(silence);
      while (!stream.aborted) {
        await stream.writeSSE({ event: 'alive', data: '' });
        await stream.sleep(HEARTBEAT_MS);
      }
    });
  });
  return api;
}

function labelRoomOf({ labelRoom }: RoomParts): LabelRoom {
  if (labelRoom === undefined) throw new NotFound('Nothing is labelled from nothing here');
  return labelRoom;
}

function littleEndian(data: Uint8Array | Uint16Array): Uint8Array<ArrayBuffer> {
  if (data instanceof Uint8Array) return new Uint8Array(data);
  const bytes = new Uint8Array(2 * data.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < data.length; i++) view.setUint16(2 * i, data[i]!, true);
  return bytes;
}
