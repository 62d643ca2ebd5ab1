/** Drawings that nobody has decided about: kept by the server, given back, forgotten with the decision. */
import { readFile, writeFile } from 'node:fs/promises';
import type { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunDirectory } from '../../src/pipeline/run-directory.ts';
import type { ImageMasks, RoomState } from '../../src/review/protocol.ts';
import { createRoomApp } from '../../src/server/app.ts';
import { type OpenRoom, openReview } from '../../src/server/open-room.ts';
import { useFolder } from '../pipeline/folder.ts';
import { writeFinishedRun } from '../review/finished-run.ts';
import { asking, errorOf, KEY } from './asking.ts';

const inFolder = useFolder();
let run: RunDirectory;
let opened: OpenRoom | undefined;
let app: Hono;
const { get, post } = asking(() => app);

async function open(): Promise<void> {
  await opened?.close();
  opened = undefined;
  const note = (text: string): never => {
    throw new Error(text);
  };
  opened = await openReview({ folder: run.root, reviewer: 'ada', model: undefined, note });
  app = createRoomApp(opened.parts, { site: new Map(), key: KEY, note });
}

beforeEach(async () => {
  run = await writeFinishedRun(inFolder());
  await open();
});
afterEach(async () => {
  await opened?.close();
  opened = undefined;
});

const state = async (): Promise<RoomState> => (await get('api/room')).json() as Promise<RoomState>;

/** An image of a split with a mask in it, and another mask that could have been drawn. */
async function draft(split = 'unlabelled') {
  const { images, items } = await state();
  const image = images.find((one) => one.split === split)!.id;
  const { classIndex } = items.find((one) => one.image === image)!;
  const { layers } = (await (await get(`api/images/${image}/masks`)).json()) as ImageMasks;
  const { counts } = layers.final!.find((one) => one.classIndex === classIndex)!;
  return { image, classIndex, counts };
}

describe('drawings that are not decided about', () => {
  it('are there again when the page is opened again, and when the server was', async () => {
    const drawing = await draft();
    expect((await post('api/drafts', drawing)).status).toBe(204);
    expect((await state()).drafts).toEqual([drawing]);
    await open();
    expect((await state()).drafts).toEqual([drawing]);
    // They decide nothing.
    expect((await state()).items.every(({ status }) => status === 'pending')).toBe(true);
  });

  it('are forgotten when they are taken back, or when somebody decides, but not when he leaves it for later', async () => {
    const { counts, ...at } = await draft();
    const decide = (verdict: string, basedOn: number): Promise<Response> =>
      post('api/decisions', { ...at, verdict, basedOn, ...(verdict === 'corrected' && { counts }) });
    await post('api/drafts', { ...at, counts });
    await post('api/drafts', at);
    expect((await state()).drafts).toEqual([]);
    await post('api/drafts', { ...at, counts });
    await decide('skipped', 0);
    expect((await state()).drafts).toHaveLength(1);
    await decide('corrected', 1);
    expect((await state()).drafts).toEqual([]);
    await open();
    expect((await state()).drafts).toEqual([]);
  });

  it.each([
    ['of another size', { counts: '04' }, 422],
    ['of a class that is not there', { classIndex: 9 }, 404],
    ['of an image that is not there', { image: '../x' }, 404],
    ['with an unknown key', { by: 'eve' }, 422],
  ])('%s are refused', async (_what, change, status) => {
    const response = await post('api/drafts', { ...(await draft()), ...change });
    expect([response.status, (await errorOf(response)).seen]).toEqual([status, expect.stringMatching(/./)]);
    expect((await state()).drafts).toEqual([]);
  });

  it('of measured images are refused, and all without the page as origin', async () => {
    expect((await post('api/drafts', await draft('test'))).status).toBe(422);
    expect((await post('api/drafts', await draft(), { Origin: 'https://evil.example' })).status).toBe(403);
    expect((await state()).drafts).toEqual([]);
  });

  it('are never thrown away where their file is damaged', async () => {
    await opened?.close();
    opened = undefined;
    const path = run.path('review', 'drafts.json');
    await writeFile(path, '{');
    await expect(open()).rejects.toMatchObject({ seen: expect.stringContaining('drafts.json is damaged') });
    expect(await readFile(path, 'utf8')).toBe('{');
  });
});
