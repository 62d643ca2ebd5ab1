/** The review server: what it gives, what it refuses, and that nothing decided is lost or overwritten. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import type { Hono } from 'hono';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Image } from '../../src/imaging/image.ts';
import { readImage } from '../../src/imaging/read.ts';
import { rleFromString } from '../../src/masks/rle.ts';
import type { RunDirectory } from '../../src/pipeline/run-directory.ts';
import type { DecisionRequest, ImageMasks, ReviewItem, RoomState } from '../../src/review/protocol.ts';
import { createRoomApp } from '../../src/server/app.ts';
import { createBroadcast } from '../../src/server/events.ts';
import { createPictures } from '../../src/server/pictures.ts';
import { openReviewRoom } from '../../src/server/review-room.ts';
import type { Room } from '../../src/server/room.ts';
import { createSmartEdit, type ModelSource } from '../../src/server/smart-edit.ts';
import { useFolder } from '../pipeline/folder.ts';
import { fakeModel } from '../refine/fake-model.ts';
import { writeFinishedRun } from '../review/finished-run.ts';
import { asking, errorOf, HOST, KEY, ORIGIN } from './asking.ts';

const inFolder = useFolder();
let run: RunDirectory;
let room: Room;
let app: Hono;
let notes: string[];

function serve(model?: ModelSource): Hono {
  const pictures = createPictures();
  const page = new TextEncoder().encode('<!doctype html>');
  return createRoomApp(
    { room, pictures, smartEdit: createSmartEdit(model, pictures), events: createBroadcast() },
    {
      site: new Map([['index.html', { bytes: page, type: 'text/html' }]]),
      key: KEY,
      note: (text) => notes.push(text),
    },
  );
}

beforeEach(async () => {
  notes = [];
  run = await writeFinishedRun(inFolder(), { bits: 16 });
  room = await openReviewRoom(run.root, 'ada');
  app = serve();
});
afterEach(async () => {
  await room.close();
  expect(notes).toEqual([]);
});

const { get, post } = asking(() => app);

const state = async (): Promise<RoomState> => (await get('api/room')).json() as Promise<RoomState>;
const masksOf = async (image: string): Promise<ImageMasks> =>
  (await get(`api/images/${image}/masks`)).json() as Promise<ImageMasks>;
const decide = (request: DecisionRequest): Promise<Response> => post('api/decisions', request);

/** The first item that can be decided. */
async function firstItem(): Promise<ReviewItem> {
  const { images, items } = await state();
  const open = new Set(images.filter(({ split }) => split === 'unlabelled').map(({ id }) => id));
  return items.find(({ image }) => open.has(image))!;
}

describe('the room', () => {
  it('lists the masks of all images that were not trained on, with their trust', async () => {
    const { run: name, classes, images, items, calibration, reviewer, smartEdit } = await state();
    expect({ name, calibration, reviewer }).toEqual({
      name: 'tiny',
      calibration: { masks: 120, images: 12, error: 0.034 },
      reviewer: 'ada',
    });
    expect(classes).toHaveLength(3);
    expect(images.map(({ split }) => split).sort()).toEqual([
      'test',
      'unlabelled',
      'unlabelled',
      'unlabelled',
      'val',
    ]);
    expect(items.length).toBeGreaterThan(9);
    for (const item of items) {
      expect(item).toMatchObject({
        status: 'pending',
        revision: 0,
        trust: expect.any(Number),
        stages: expect.arrayContaining(['refined', 'initial']),
      });
    }
    expect(smartEdit).toMatchObject({ missing: expect.stringContaining('--model') });
  });

  it('gives pixels as they are in the file, 16 bits with the low byte first', async () => {
    const { image } = await firstItem();
    const response = await get(`api/images/${image}/pixels`);
    expect(response.headers.get('Packmule-Bits')).toBe('16');
    const view = new DataView(await response.arrayBuffer());
    const { data }: Image = await readImage(inFolder('data', 'unlabelled', 'images', `${image}.png`));
    expect(Array.from(data, (_, i) => view.getUint16(2 * i, true))).toEqual([...data]);
  });

  it('gives the masks of every stage, and the truth of measured images alone', async () => {
    const { images } = await state();
    const idOf = (split: string): string => images.find((image) => image.split === split)!.id;
    const pool = await masksOf(idOf('unlabelled'));
    expect(Object.keys(pool.layers).sort()).toEqual(['final', 'initial', 'refined']);
    expect(pool.layers.refined?.[0]).toMatchObject({ evidence: { agreement: expect.any(Number) } });
    expect(Object.keys((await masksOf(idOf('test'))).layers)).toContain('truth');
  });

  it('has no pixels kept by a browser, and other addresses for thumbnails whenever it is opened', async () => {
    const { image } = await firstItem();
    const pixels = await get(`api/images/${image}/pixels`);
    expect(pixels.headers.get('Cache-Control')).toBe('no-store');
    const { edition } = await state();
    expect((await state()).edition).toBe(edition);
    app = serve();
    expect((await state()).edition).not.toBe(edition);
  });

  it('draws thumbnails of masks', async () => {
    const { image, classIndex } = await firstItem();
    const response = await get(`api/images/${image}/thumbnails/${classIndex}`);
    const { width, height } = await sharp(await response.arrayBuffer()).metadata();
    expect([width, height]).toEqual([112, 112]);
  });
});

describe('a decision', () => {
  it('is on the disk when it is answered, and there again after a restart', async () => {
    const { image, classIndex } = await firstItem();
    const response = await decide({ image, classIndex, verdict: 'accepted', basedOn: 0 });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ item: { status: 'accepted', revision: 1, by: 'ada' } });
    expect(await readFile(run.decisions, 'utf8')).toMatch(/^\{"number":1,.*"verdict":"accepted".*\}\n$/);

    await room.close();
    room = await openReviewRoom(run.root, 'bob');
    app = serve();
    expect((await state()).items.find((item) => item.revision === 1)).toMatchObject({
      image,
      classIndex,
      by: 'ada',
    });
  });

  it('to accept keeps the mask that was seen; to correct the one that was drawn', async () => {
    const { image, classIndex } = await firstItem();
    const refined = (await masksOf(image)).layers.refined!.find((mask) => mask.classIndex === classIndex)!;
    await decide({ image, classIndex, verdict: 'accepted', basedOn: 0 });
    expect((await masksOf(image)).decided).toEqual([{ classIndex, counts: refined.counts }]);
    const drawn = (await masksOf(image)).layers.final![0]!.counts;
    await decide({ image, classIndex, verdict: 'corrected', counts: drawn, basedOn: 1 });
    expect((await masksOf(image)).decided).toEqual([{ classIndex, counts: drawn }]);
    await decide({ image, classIndex, verdict: 'withdrawn', basedOn: 2 });
    expect((await masksOf(image)).decided).toEqual([]);
    expect(await firstItem()).toMatchObject({ status: 'pending', revision: 3 });
  });

  it('about a class without a mask adds it', async () => {
    const { image, classIndex } = await firstItem();
    const path = run.masks('refined', 'unlabelled');
    const file = JSON.parse(await readFile(path, 'utf8'));
    const { counts } = (await masksOf(image)).layers.refined!.find((mask) => mask.classIndex === classIndex)!;
    file.annotations = file.annotations.filter(
      (annotation: { category_id: number }) => annotation.category_id !== classIndex + 1,
    );
    await writeFile(path, JSON.stringify(file));
    await room.close();
    room = await openReviewRoom(run.root, 'ada');
    app = serve();
    expect((await decide({ image, classIndex, verdict: 'accepted', basedOn: 0 })).status).toBe(422);
    expect((await decide({ image, classIndex, verdict: 'corrected', counts, basedOn: 0 })).status).toBe(200);
    expect((await state()).items).toContainEqual(
      expect.objectContaining({ image, classIndex, status: 'corrected' }),
    );
  });

  it('made on an old view of the item is refused, and the answer is how the item stands', async () => {
    const { image, classIndex } = await firstItem();
    await decide({ image, classIndex, verdict: 'rejected', basedOn: 0 });
    const late = await decide({ image, classIndex, verdict: 'accepted', basedOn: 0 });
    expect(late.status).toBe(409);
    expect(await late.json()).toMatchObject({ item: { status: 'rejected', revision: 1 } });
  });

  it('reaches every open page', async () => {
    const { image, classIndex } = await firstItem();
    const events = (await get('api/events')).body!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await events.read()).value).toContain('event: alive');
    await decide({ image, classIndex, verdict: 'skipped', basedOn: 0 });
    expect((await events.read()).value).toMatch(/event: item\ndata: .*"status":"skipped"/);
    await events.cancel();
  });

  it.each([
    ['a correction without a mask', { verdict: 'corrected' as const }, 422],
    ['a damaged mask', { verdict: 'corrected' as const, counts: 'zz' }, 422],
    ['a mask of another size', { verdict: 'corrected' as const, counts: '04' }, 422],
    ['a class that is not there', { classIndex: 99 }, 404],
    ['an image that is not there', { image: '../../etc/passwd' }, 404],
  ])('with %s is refused and leaves no trace', async (_what, change, status) => {
    const { image, classIndex } = await firstItem();
    const response = await decide({ image, classIndex, verdict: 'accepted', basedOn: 0, ...change });
    expect(response.status).toBe(status);
    expect((await errorOf(response)).seen).not.toBe('');
    expect(await readFile(run.decisions, 'utf8')).toBe('');
  });

  it('about a measured image is refused', async () => {
    const { images, items } = await state();
    const test = images.find(({ split }) => split === 'test')!.id;
    const { classIndex } = items.find(({ image }) => image === test)!;
    const response = await decide({ image: test, classIndex, verdict: 'accepted', basedOn: 0 });
    expect([response.status, (await errorOf(response)).seen]).toEqual([
      422,
      `${test} belongs to the split test`,
    ]);
  });

  it.each([
    ['no JSON', '{"image":'],
    ['an unknown key', { image: 'a', classIndex: 0, verdict: 'accepted', basedOn: 0, path: '/etc' }],
    ['an unknown verdict', { image: 'a', classIndex: 0, verdict: 'fine', basedOn: 0 }],
    ['a class that is no number', { image: 'a', classIndex: '0', verdict: 'accepted', basedOn: 0 }],
  ])('that is %s is refused', async (_what, body) => {
    expect((await post('api/decisions', body)).status).toBe(422);
  });
});

describe('smart edit', () => {
  it('without a model says what to do', async () => {
    const { image } = await firstItem();
    const response = await post(`api/images/${image}/segment`, { points: [{ xy: [3, 3], positive: true }] });
    expect([response.status, (await errorOf(response)).fix]).toEqual([
      422,
      expect.stringContaining('--model'),
    ]);
  });

  it('answers a click with the mask of the model, and encodes an image once', async () => {
    const model = { ...fakeModel([0.5, 0.9]), close: async () => undefined };
    app = serve({ label: 'fake', open: async () => model });
    expect((await state()).smartEdit).toEqual({ model: 'fake' });
    const { image } = await firstItem();
    expect((await post(`api/images/${image}/prepare`, {})).status).toBe(204);
    const response = await post(`api/images/${image}/segment`, {
      points: [{ xy: [30, 20], positive: true }],
    });
    const { counts, predictedIou } = (await response.json()) as { counts: string; predictedIou: number };
    expect(predictedIou).toBe(0.9);
    const box = await post(`api/images/${image}/segment`, { box: [20, 10, 40, 30] });
    expect(box.status).toBe(200);
    expect(rleFromString(counts, { height: 64, width: 64 }).counts.length).toBeGreaterThan(10);
    expect(model.encoded).toHaveLength(1);
    expect(model.decoded.map(({ options }) => options.multimask)).toEqual([true, false]);
  });

  it.each([
    ['outside the image', { points: [{ xy: [640, 3], positive: true }] }],
    ['of nothing', { points: [] }],
    ['of too many points', { points: Array.from({ length: 101 }, () => ({ xy: [3, 3], positive: true })) }],
  ])('refuses prompts %s', async (_what, body) => {
    app = serve({ label: 'fake', open: async () => ({ ...fakeModel(), close: async () => undefined }) });
    const { image } = await firstItem();
    expect((await post(`api/images/${image}/segment`, body)).status).toBe(422);
  });
});

describe('the guard', () => {
  const decision = { image: 'a', classIndex: 0, verdict: 'accepted', basedOn: 0 };

  it('shows the page to who has the key', async () => {
    const page = await get('');
    expect([page.status, await page.text()]).toEqual([200, '<!doctype html>']);
    expect(page.headers.get('Content-Security-Policy')).toMatch(/^default-src 'none'; script-src 'self';/);
    expect(page.headers.get('Content-Security-Policy')).toContain("frame-ancestors 'none'");
    expect(page.headers.get('Referrer-Policy')).toBe('no-referrer');
  });

  it.each(['', 'wrong/', 'the-key2/', 'THE-KEY/', 'wrong/api/room', 'api/room'])(
    'refuses /%s: there is no key',
    async (path) => {
      const response = await app.request(`${ORIGIN}/${path}`, { headers: { Host: HOST } });
      expect([response.status, (await errorOf(response)).seen]).toEqual([
        403,
        expect.stringContaining('no key'),
      ]);
    },
  );

  it.each(['evil.example', '127.0.0.1.evil.example', 'evil.example:4000', ''])(
    'refuses the host %s: another name was made to point here',
    async (host) => {
      expect((await get('api/room', { Host: host })).status).toBe(403);
    },
  );

  it.each([
    'https://evil.example',
    'null',
    'http://127.0.0.1:4001',
    'https://127.0.0.1:4000',
    'http://localhost:4000',
  ])('refuses requests of the page %s', async (Origin) => {
    expect((await get('api/room', { Origin })).status).toBe(403);
    expect((await post('api/decisions', decision, { Origin })).status).toBe(403);
    expect(await readFile(run.decisions, 'utf8')).toBe('');
  });

  it('refuses changes without an origin, and reading from another site', async () => {
    const bare = await app.request(`${ORIGIN}/${KEY}/api/decisions`, {
      method: 'POST',
      headers: { Host: HOST },
      body: JSON.stringify(decision),
    });
    expect(bare.status).toBe(403);
    expect((await get('api/room', { 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
    expect((await get('', { 'Sec-Fetch-Site': 'none' })).status).toBe(200);
  });

  it.each([
    '..%2f..%2fetc%2fpasswd',
    '%2e%2e/%2e%2e/package.json',
    'assets/../../package.json',
    'api/images/..%2f..%2fdata%2funlabelled%2fimages%2fphantom-0007/pixels',
    'api/images/%00/pixels',
    `api/images/${encodeURIComponent('/etc/passwd')}/masks`,
    'api/images/x/thumbnails/0',
    'api/nothing',
  ])('gives nothing for the path %s', async (path) => {
    const response = await get(path);
    expect([403, 404]).toContain(response.status);
    expect((await errorOf(response)).seen).not.toBe('');
  });

  it('refuses a body larger than any mask', async () => {
    const counts = 'x'.repeat(5 * 2 ** 20);
    const response = await post('api/decisions', { ...decision, counts });
    expect(response.status).toBe(413);
    expect(await readFile(run.decisions, 'utf8')).toBe('');
  });

  it('tells of a defect without its stack, which is for the terminal', async () => {
    const { image } = await firstItem();
    await rm(inFolder('data', 'unlabelled'), { recursive: true });
    const response = await get(`api/images/${image}/pixels`);
    // A missing file is the user's to mend, and named.
    expect([response.status, (await errorOf(response)).seen]).toEqual([422, expect.stringContaining(image)]);
    app = serve({
      label: 'broken',
      open: () => {
        throw new TypeError('a slip of ours');
      },
    });
    const { image: other } = await firstItem();
    const broken = await post(`api/images/${other}/prepare`, {});
    expect([broken.status, JSON.stringify(await broken.json())]).toEqual([
      500,
      expect.not.stringContaining('a slip'),
    ]);
    expect(notes.splice(0)).toEqual([expect.stringContaining('TypeError: a slip of ours')]);
  });
});
