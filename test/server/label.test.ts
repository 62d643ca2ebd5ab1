/** The server where images are labelled from nothing: what it gives, saves and refuses. */
import { readFile } from 'node:fs/promises';
import type { Hono } from 'hono';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { coco } from '../../src/annotations/coco.ts';
import { writePhantomDataset } from '../../src/dataset/phantom/write.ts';
import type { LabelsState } from '../../src/label/protocol.ts';
import { emptyMask } from '../../src/masks/mask.ts';
import { encodeRle, rleToString } from '../../src/masks/rle.ts';
import type { RoomState } from '../../src/review/protocol.ts';
import { createRoomApp } from '../../src/server/app.ts';
import { type LabelOptions, type OpenLabelRoom, openLabels } from '../../src/server/open-room.ts';
import { useFolder } from '../pipeline/folder.ts';
import { writeFinishedRun } from '../review/finished-run.ts';
import { asking, errorOf, HOST, KEY, ORIGIN } from './asking.ts';
import { describingModel } from './describing-model.ts';

const SIZE = { height: 64, width: 64 };

const inFolder = useFolder();
let opened: OpenLabelRoom | undefined;
let app: Hono;
let notes: string[];

const { get, post } = asking(() => app);
const images = (): string => inFolder('data', 'unlabelled');

async function open(options: Partial<LabelOptions> = {}): Promise<void> {
  await opened?.close();
  opened = undefined;
  const note = (text: string): unknown => notes.push(text);
  opened = await openLabels({
    data: { root: images() },
    reviewer: 'ada',
    model: undefined,
    note,
    ...options,
  });
  app = createRoomApp(opened.parts, { site: new Map(), key: KEY, note });
}

beforeEach(async () => {
  notes = [];
  const counts = { labelled: 1, val: 0, test: 0, unlabelled: 4 };
  await writePhantomDataset(inFolder('data'), { seed: 3, classes: 3, size: SIZE, counts });
  await open();
});
afterEach(async () => {
  await opened?.close();
  opened = undefined;
  expect(notes).toEqual([]);
});

const state = async (): Promise<RoomState> => (await get('api/room')).json() as Promise<RoomState>;
const square = (): string => {
  const mask = emptyMask(SIZE);
  for (let i = 0; i < 100; i++) mask.data[(20 + Math.floor(i / 10)) * 64 + 20 + (i % 10)] = 1;
  return rleToString(encodeRle(mask));
};
const draw = (image: string, basedOn = 0, counts = square()): Promise<Response> =>
  post('api/decisions', { image, classIndex: 0, verdict: 'corrected', counts, basedOn });
const labelsOf = async (response: Response): Promise<LabelsState> => (await response.json()) as LabelsState;

/** Waits until the model has looked at all images. */
async function looked(): Promise<LabelsState> {
  for (;;) {
    const { labels } = await state();
    if (labels?.looked?.done === labels?.looked?.total) return labels!;
    await new Promise((done) => setTimeout(done, 5));
  }
}

describe('a folder without labels', () => {
  it('has images and no class, and says so', async () => {
    const { run, classes, images: found, items, labels } = await state();
    expect([run, classes, items, found.length]).toEqual(['unlabelled', [], [], 4]);
    expect(found.every(({ split }) => split === 'unlabelled')).toBe(true);
    expect(labels).toEqual({ classes: [], colours: [], done: [], suggestions: [], unreadable: 0 });
  });

  it('gets classes, masks and done images, which runs can read', async () => {
    const { id } = (await state()).images[0]!;
    expect((await draw(id)).status).toBe(404);
    expect(await labelsOf(await post('api/classes', { add: 'radius' }))).toMatchObject({ colours: [0] });
    await post('api/classes', { classIndex: 0, colour: 7 });
    const drawn = await draw(id);
    expect(await drawn.json()).toMatchObject({ item: { status: 'corrected', revision: 1, by: 'ada' } });
    expect(await (await get(`api/images/${id}/masks`)).json()).toEqual({
      layers: {},
      decided: [{ classIndex: 0, counts: square() }],
    });
    const done = await labelsOf(await post(`api/images/${id}/done`, { done: true }));
    expect(done).toMatchObject({ classes: ['radius'], colours: [7], done: [id] });
    const set = await coco.read(inFolder('data', 'unlabelled', 'annotations.json'));
    expect(set.images.map(({ structures }) => structures.length)).toEqual([1]);
    expect((await state()).items).toHaveLength(1);
  });

  it('shows an image with all its masks in their colours', async () => {
    const { id } = (await state()).images[0]!;
    const bare = Buffer.from(await (await get(`api/images/${id}/thumbnail`)).arrayBuffer());
    await post('api/classes', { add: 'radius' });
    await draw(id);
    const masked = Buffer.from(await (await get(`api/images/${id}/thumbnail?state=1`)).arrayBuffer());
    expect((await sharp(masked).metadata()).width).toBe(112);
    expect(masked.equals(bare)).toBe(false);
  });

  it('tells every page what changed', async () => {
    const events = (await get('api/events')).body!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await events.read()).value).toContain('event: alive');
    await post('api/classes', { add: 'radius' });
    expect((await events.read()).value).toMatch(/event: labels\ndata: .*"classes":\["radius"\]/);
    await events.cancel();
  });

  it('is labelled by one server at a time', async () => {
    const options = { data: { root: images() }, reviewer: 'bob', model: undefined };
    await expect(openLabels({ ...options, note: () => undefined })).rejects.toMatchObject({
      seen: expect.stringContaining('has been labelling this folder'),
    });
  });
});

describe('suggestions', () => {
  it('come once a model has looked at the images, and follow what is done', async () => {
    await open({ model: describingModel });
    const before = await looked();
    expect(before.suggestions.map(({ reason }) => reason)).toEqual([
      'typical',
      'different',
      'different',
      'different',
    ]);
    await post('api/classes', { add: 'radius' });
    const [first] = before.suggestions;
    await draw(first!.image);
    const after = await labelsOf(await post(`api/images/${first!.image}/done`, { done: true }));
    expect(after.suggestions.map(({ image }) => image)).toEqual(
      before.suggestions.slice(1).map(({ image }) => image),
    );
  });

  it('weigh the doubts of a run', async () => {
    await opened?.close();
    opened = undefined;
    const run = await writeFinishedRun(inFolder('with-run'), { unlabelled: 3 });
    const data = { root: inFolder('with-run', 'data', 'unlabelled') };
    await open({ data, model: describingModel });
    expect((await looked()).suggestions.map(({ reason }) => reason)).not.toContain('doubtful');
    await opened!.learnFrom(run.root);
    const { suggestions } = await looked();
    expect(suggestions.slice(1).map(({ reason }) => reason)).toEqual(['doubtful', 'doubtful']);
    expect(suggestions.slice(1).every(({ doubt }) => doubt! >= 0 && doubt! <= 1)).toBe(true);
  });
});

describe('what is refused', () => {
  const journal = (): Promise<string> =>
    readFile(inFolder('data', 'unlabelled', '.packmule', 'masks.jsonl'), 'utf8');

  it.each([
    ['api/classes', { add: 'x' }],
    ['api/images/phantom-0002/done', { done: true }],
    ['api/decisions', { image: 'phantom-0002', classIndex: 0, verdict: 'corrected', counts: '', basedOn: 0 }],
  ])('%s without the key, from another page, or without an origin', async (path, body) => {
    const noKey = await app.request(`${ORIGIN}/wrong/${path}`, {
      method: 'POST',
      headers: { Host: HOST, Origin: ORIGIN },
      body: JSON.stringify(body),
    });
    const noOrigin = await app.request(`${ORIGIN}/${KEY}/${path}`, {
      method: 'POST',
      headers: { Host: HOST },
      body: JSON.stringify(body),
    });
    const foreign = await post(path, body, { Origin: 'https://evil.example' });
    expect([noKey.status, noOrigin.status, foreign.status]).toEqual([403, 403, 403]);
    expect(await journal()).toBe('');
    expect((await state()).classes).toEqual([]);
  });

  it.each([
    ['a done image outside the folder', 'api/images/..%2f..%2fetc%2fpasswd/done', { done: true }, 404],
    ['a thumbnail outside the folder', 'api/images/..%2f..%2fx/done', { done: true }, 404],
    ['an unknown change', 'api/classes', { remove: 'x' }, 422],
    ['a colour that is none', 'api/classes', { classIndex: 0, colour: 99 }, 422],
    ['a huge body', 'api/classes', { add: 'x'.repeat(5 * 2 ** 20) }, 413],
    ['a huge name', 'api/classes', { add: 'x'.repeat(101) }, 422],
  ])('%s', async (_what, path, body, status) => {
    const response = await post(path, body);
    expect([response.status, (await errorOf(response)).seen]).toEqual([status, expect.stringMatching(/./)]);
  });

  it('decisions that are no drawing, and drawings of another size', async () => {
    const { id } = (await state()).images[0]!;
    await post('api/classes', { add: 'radius' });
    const accepted = { image: id, classIndex: 0, verdict: 'accepted', basedOn: 0 };
    expect((await post('api/decisions', accepted)).status).toBe(422);
    expect((await draw(id, 0, '04')).status).toBe(422);
    expect((await draw(id)).status).toBe(200);
    expect((await draw(id, 0)).status).toBe(409);
  });
});
