/** The server of the start page: folders it may see, files it takes, runs it shows and starts, rooms it opens. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writePhantomDataset } from '../../src/dataset/phantom/write.ts';
import type {
  FolderList,
  Recognised,
  RunDetail,
  RunList,
  RunStarted,
  Upload,
} from '../../src/desk/protocol.ts';
import type { RoomState } from '../../src/review/protocol.ts';
import type { Children } from '../../src/server/children.ts';
import { createHouse, type Rooms } from '../../src/server/house.ts';
import { writeFinishedRun } from '../review/finished-run.ts';
import { temporaryFolder } from '../temporary.ts';
import { asking, errorOf, HOST, KEY, ORIGIN } from './asking.ts';

let home: string;
let project: string;
let app: Hono;
let rooms: Rooms;
let started: { run: string; args: readonly string[]; cwd: string }[];
let notes: string[];

const { get, post, put } = asking(() => app);

/** Processes that are asked for and never run. */
const children: Children = {
  start: (run, args, cwd) => started.push({ run, args, cwd }),
  works: (run) => started.some((one) => one.run === run),
  failure: () => undefined,
  stop: (run) => {
    started = started.filter((one) => one.run !== run);
  },
  close: async () => undefined,
};

beforeEach(async () => {
  home = join(await temporaryFolder(), 'home');
  project = join(home, 'project');
  [started, notes, rooms] = [[], [], new Map()];
  await mkdir(project, { recursive: true });
  await mkdir(join(home, '.ssh'));
  await mkdir(join(home, '..', 'other'));
  const note = (text: string): unknown => notes.push(text);
  const modelOf = async () => undefined;
  const house = await createHouse(
    { project, roots: [home], reviewer: 'ada', modelOf, note },
    children,
    rooms,
  );
  const page = { bytes: new TextEncoder().encode('<!doctype html>'), type: 'text/html' };
  app = house({
    site: new Map([
      ['start.html', page],
      ['index.html', page],
    ]),
    key: KEY,
    note,
  });
});
afterEach(async () => {
  for (const { room } of rooms.values()) await (await room.catch(() => undefined))?.close();
  expect(notes).toEqual([]);
});

async function phantoms(labelled: number): Promise<string> {
  const folder = join(home, 'hands');
  const counts = { labelled, val: 0, test: 0, unlabelled: 2 };
  await writePhantomDataset(folder, { seed: 3, classes: 3, size: { height: 64, width: 64 }, counts });
  return folder;
}

const told = async <T>(path: string, body: unknown): Promise<T> =>
  (await (await post(path, body)).json()) as T;
const runs = async (): Promise<RunList> => (await (await get('api/runs')).json()) as RunList;

describe('folders', () => {
  it('are listed without hidden ones, in the home and the project alone', async () => {
    const list = (await (await get(`api/folders?path=${home}`)).json()) as FolderList;
    expect(list).toEqual({ path: home, folders: [{ name: 'project', path: project }], images: 0 });
    const inner = (await (await get('api/folders')).json()) as FolderList;
    expect([inner.path, inner.parent]).toEqual([project, home]);
  });

  it.each([
    ['/', 422],
    ['/etc', 422],
    ['HOME/..', 422],
    ['HOME/../other', 422],
    ['HOME/.ssh', 422],
    ['HOME/project/../../other', 422],
    ['HOME/link', 422],
    ['HOME/link/', 422],
    ['HOME/nowhere', 404],
    ['HOME/file', 404],
    ['project', 404],
    ['HOME/\0', 404],
  ])('%s is out of reach, whatever is asked about it', async (path, status) => {
    await symlink(join(home, '..', 'other'), join(home, 'link'));
    await writeFile(join(home, 'file'), 'x');
    const folder = path.replace('HOME', home);
    const answers = [
      await get(`api/folders?path=${encodeURIComponent(folder)}`),
      await post('api/recognise', { folder }),
      await post('api/check', { folder }),
      await post('api/rooms/labels', { folder }),
      await post('api/runs', { folder, project, name: 'x' }),
      await post('api/runs', { folder: project, project: folder, name: 'x' }),
      await post('api/uploads', { project: folder, name: 'x', files: 1, bytes: 1 }),
    ];
    expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => status));
    expect(started).toEqual([]);
    expect(await readdir(join(home, '..', 'other'))).toEqual([]);
  });
});

describe('a folder that is looked at', () => {
  it('with annotations can be learnt from', async () => {
    const folder = await phantoms(3);
    const found = await told<Recognised>('api/recognise', { folder });
    expect(found).toMatchObject({ kind: 'ready', name: 'hands', images: 5, hasSettings: false });
    expect(found.found.join(' ')).toContain('labelled: 3 images in labelled/images');
    expect(found.warnings).toEqual([expect.stringContaining('no test images')]);
    expect(await told('api/check', { folder })).toEqual({ problems: [] });
    await writeFile(join(folder, 'labelled', 'images', 'phantom-0001.png'), 'no image');
    expect(await told('api/check', { folder })).toEqual({
      problems: [expect.stringContaining('phantom-0001')],
    });
  });

  it('without annotations can be labelled', async () => {
    const folder = join(await phantoms(1), 'unlabelled');
    expect(await told('api/recognise', { folder })).toMatchObject({
      kind: 'bare',
      images: 2,
      found: ['2 images without annotations.'],
    });
    const { path } = await told<{ path: string }>('api/rooms/labels', { folder });
    expect((await get(path)).status).toBe(200);
    expect(await (await get(`${path}api/room`)).json()).toMatchObject({
      labels: { done: [] },
      reviewer: 'ada',
    });
    expect(await told('api/rooms/labels', { folder })).toEqual({ path });
  });

  it('without images says what is needed', async () => {
    const response = await post('api/recognise', { folder: project });
    expect([response.status, (await errorOf(response)).seen]).toEqual([
      422,
      expect.stringContaining('There is no image in'),
    ]);
  });
});

describe('a dropped folder', () => {
  const begin = (change: object = {}): Promise<Response> =>
    post('api/uploads', { project, name: 'new', files: 2, bytes: 10, ...change });
  const bytes = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(7);

  it('is written file by file', async () => {
    const { id, folder } = (await (await begin()).json()) as Upload;
    expect(folder).toBe(join(project, 'new'));
    expect((await put(`api/uploads/${id}?path=images/a.png`, bytes(6))).status).toBe(204);
    expect((await put(`api/uploads/${id}?path=annotations.json`, bytes(4))).status).toBe(204);
    expect((await readFile(join(folder, 'images', 'a.png'))).length).toBe(6);
    expect((await readdir(folder, { recursive: true })).sort()).toEqual([
      'annotations.json',
      'images',
      'images/a.png',
    ]);
  });

  it.each([
    '../evil.png',
    'a/../../evil.png',
    '/etc/evil.png',
    '..',
    '.ssh/evil.json',
    'a//b.png',
    'a\\..\\evil.png',
    'C:evil.png',
    'a/b/c/d/e/f/g/h/i.png',
    'evil.sh',
    'a.html',
    `${'x'.repeat(201)}.png`,
    'a\0.png',
    '',
  ])('takes no file %j', async (path) => {
    const { id, folder } = (await (await begin()).json()) as Upload;
    const response = await put(`api/uploads/${id}?path=${encodeURIComponent(path)}`, bytes(4));
    expect([response.status, await readdir(folder)]).toEqual([422, []]);
  });

  it('takes no more than was announced, and leaves no half file', async () => {
    const { id, folder } = (await (await begin()).json()) as Upload;
    expect((await put(`api/uploads/${id}?path=a.png`, bytes(11))).status).toBe(422);
    expect(await readdir(folder)).toEqual([]);
    const again = (await (await begin({ name: 'again', files: 1 })).json()) as Upload;
    expect((await put(`api/uploads/${again.id}?path=a.png`, bytes(1))).status).toBe(204);
    expect((await put(`api/uploads/${again.id}?path=b.png`, bytes(1))).status).toBe(422);
  });

  it.each([
    ['a folder that is there', { name: 'taken' }, 422],
    ['too many files', { files: 20_001 }, 422],
    ['too many bytes', { bytes: 2e11 }, 422],
    ['a name that is a path', { name: '../x' }, 422],
    ['a hidden name', { name: '.x' }, 422],
    ['an unknown key', { mode: 7 }, 422],
  ])('is refused with %s', async (_what, change, status) => {
    await mkdir(join(project, 'taken'));
    expect((await begin(change)).status).toBe(status);
    expect(await readdir(project)).toEqual(['taken']);
  });

  it('is refused of an unknown upload, another page, without key or origin', async () => {
    const { id, folder } = (await (await begin()).json()) as Upload;
    const path = `api/uploads/${id}?path=a.png`;
    const bare = (key: string, headers: Record<string, string>): Promise<Response> =>
      Promise.resolve(
        app.request(`${ORIGIN}/${key}/${path}`, {
          method: 'PUT',
          headers: { Host: HOST, ...headers },
          body: 'x',
        }),
      );
    const answers = [
      await put('api/uploads/unknown?path=a.png', bytes(1)),
      await put(path, bytes(1), { Origin: 'https://evil.example' }),
      await bare('wrong', { Origin: ORIGIN }),
      await bare(KEY, {}),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 403, 403, 403]);
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('runs', () => {
  beforeEach(async () => {
    await writeFinishedRun(project, { unlabelled: 2 });
  });
  const idOf = async (): Promise<string> => (await runs()).runs[0]!.id;

  it('are listed and shown with what they hold', async () => {
    expect((await runs()).runs).toMatchObject([{ name: 'tiny', state: 'stopped', hasMasks: true }]);
    const initial = join(project, 'runs', 'tiny', 'initial');
    await mkdir(initial, { recursive: true });
    const epoch = { epoch: 1, epochs: 2, loss: 0.5, learningRate: 1, seconds: 6, validationDice: 0.25 };
    // The second line is being written.
    await writeFile(join(initial, 'log.jsonl'), `${JSON.stringify(epoch)}\n{"epo`);
    const detail = (await (await get(`api/runs/${await idOf()}`)).json()) as RunDetail;
    expect(detail.curves).toEqual([
      { stage: 'initial', points: [{ epoch: 1, minutes: 0.1, loss: 0.5, valDice: 0.25 }] },
    ]);
    expect(detail.settings).toMatchObject({ 'training.epochs': '3', 'data.root': 'data' });
    expect(detail.stages.map(({ state }) => state)).toContain('waiting');
    expect(JSON.stringify(detail.settings)).not.toContain(home);
  });

  it('are followed while they go on', async () => {
    const id = await idOf();
    const events = (await get(`api/runs/${id}/events`))
      .body!.pipeThrough(new TextDecoderStream())
      .getReader();
    expect((await events.read()).value).toMatch(/event: run\ndata: .*"state":"stopped"/);
    await mkdir(join(project, 'runs', 'tiny', 'stages'));
    await writeFile(
      join(project, 'runs', 'tiny', 'stages', 'initial.json'),
      '{"state":"finished","seconds":3}',
    );
    expect((await events.read()).value).toMatch(
      /"name":"initial","title":"Train the initial network","state":"done","seconds":3/,
    );
    await events.cancel();
  });

  it('start as processes of their own, with settings that were written for them', async () => {
    await phantoms(3);
    const folder = join(home, 'hands');
    const { id } = await told<RunStarted>('api/runs', { folder, project, name: 'first', minutes: 2 });
    expect(started).toEqual([
      {
        run: join(project, 'runs', 'first'),
        args: [
          'run',
          folder,
          '--name',
          'first',
          '--runs',
          join(project, 'runs'),
          '--set',
          'training.minutes=2',
        ],
        cwd: project,
      },
    ]);
    expect(await readFile(join(folder, 'packmule.yaml'), 'utf8')).toContain('root: .');
    expect((await runs()).runs.find((run) => run.id === id)).toMatchObject({ state: 'working' });
    expect((await post('api/runs', { folder, project, name: 'first' })).status).toBe(422);
    expect((await post(`api/runs/${id}/stop`, {})).status).toBe(204);
    expect(started).toEqual([]);
  });

  it.each([
    ['a path for a name', { name: '../x' }],
    ['an option for a name', { name: '--set' }],
    ['no minutes', { minutes: 0 }],
    ['settings of the page', { set: ['device=cuda'] }],
  ])('do not start with %s', async (_what, change) => {
    const folder = await phantoms(3);
    expect((await post('api/runs', { folder, project, name: 'a', ...change })).status).toBe(422);
    expect(started).toEqual([]);
  });

  it('have a next round once masks were decided about', async () => {
    const id = await idOf();
    expect((await post(`api/runs/${id}/round`, {})).status).toBe(422);
    const { path } = await told<{ path: string }>('api/rooms/review', { run: id });
    const { items } = (await (await get(`${path}api/room`)).json()) as RoomState;
    const { image, classIndex } = items[0]!;
    const decision = { image, classIndex, verdict: 'accepted', basedOn: 0 };
    expect((await post(`${path}api/decisions`, decision)).status).toBe(200);
    expect((await post(`api/runs/${id}/round`, {})).status).toBe(200);
    expect(started).toMatchObject([
      {
        run: join(project, 'runs', 'tiny-round-2'),
        args: ['run', join(project, 'runs', 'tiny'), '--round', '2'],
      },
    ]);
  });

  it('show their report where it can do nothing, and no file that a link leads to', async () => {
    const id = await idOf();
    expect((await get(`api/runs/${id}/report`)).status).toBe(404);
    await writeFile(join(project, 'runs', 'tiny', 'report.html'), '<!doctype html>');
    const report = await get(`api/runs/${id}/report`);
    expect(report.headers.get('Content-Security-Policy')).toMatch(/^sandbox; default-src 'none'/);
    expect(report.headers.get('X-Content-Type-Options')).toBe('nosniff');
    await rm(join(project, 'runs', 'tiny', 'report.html'));
    await writeFile(join(home, 'secret.html'), 'secret');
    await symlink(join(home, 'secret.html'), join(project, 'runs', 'tiny', 'report.html'));
    expect((await get(`api/runs/${id}/report`)).status).toBe(404);
  });

  it('that a link leads to are not listed', async () => {
    await rename(join(project, 'runs', 'tiny'), join(home, '..', 'other', 'tiny'));
    await symlink(join(home, '..', 'other', 'tiny'), join(project, 'runs', 'tiny'));
    expect((await runs()).runs).toEqual([]);
  });

  it('show tables of benchmarks', async () => {
    await mkdir(join(project, 'runs', 'benchmark'));
    await writeFile(join(project, 'runs', 'benchmark', 'table.html'), '<!doctype html>');
    const { benchmarks } = await runs();
    expect(benchmarks).toMatchObject([{ name: 'benchmark' }]);
    expect((await get(`api/runs/${benchmarks[0]!.id}/table`)).status).toBe(200);
  });
});

describe('what is refused', () => {
  it.each([
    ['api/recognise', { folder: '/x' }],
    ['api/check', { folder: '/x' }],
    ['api/uploads', { project: '/x', name: 'x', files: 1, bytes: 1 }],
    ['api/runs', { folder: '/x', project: '/x', name: 'x' }],
    ['api/runs/x/round', {}],
    ['api/runs/x/resume', {}],
    ['api/runs/x/stop', {}],
    ['api/rooms/review', { run: 'x' }],
    ['api/rooms/labels', { folder: '/x' }],
    ['room/x/api/decisions', {}],
  ])(
    '%s without the key, an origin, or from another page; and what is huge or unknown',
    async (path, body) => {
      const bare = async (key: string, headers: Record<string, string>): Promise<number> => {
        const init = { method: 'POST', headers: { Host: HOST, ...headers }, body: JSON.stringify(body) };
        return (await app.request(`${ORIGIN}/${key}/${path}`, init)).status;
      };
      expect([
        await bare('wrong', { Origin: ORIGIN }),
        await bare(KEY, {}),
        await bare(KEY, { Origin: 'https://evil.example' }),
        await bare(KEY, { Origin: 'null' }),
        await bare(KEY, { Origin: ORIGIN, Host: 'evil.example' }),
      ]).toEqual([403, 403, 403, 403, 403]);
      expect([404, 422]).toContain((await post(path, body)).status);
      const huge = await post(path, { ...body, more: 'x'.repeat(5 * 2 ** 20) });
      expect(huge.status).toBe(413);
      expect(started).toEqual([]);
    },
  );

  it.each([
    'api/home',
    'api/folders',
    'api/runs',
    'api/runs/x',
    'api/runs/x/events',
    'api/runs/x/report',
    'room/x/api/room',
    '',
  ])('reading %s without the key, or from another site', async (path) => {
    const noKey = await app.request(`${ORIGIN}/wrong/${path}`, { headers: { Host: HOST } });
    expect(noKey.status).toBe(403);
    expect((await get(path, { 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
    expect((await get(path, { Origin: 'null' })).status).toBe(403);
  });

  it.each([
    'api/runs/..%2f..%2fetc',
    'api/runs/unknown/report',
    'room/..%2f..%2fetc/api/room',
    'room/unknown/api/images/x/pixels',
    '..%2f..%2fetc%2fpasswd',
  ])('%s', async (path) => {
    const response = await get(path);
    expect([404, (await errorOf(response)).seen !== '']).toEqual([response.status, true]);
  });

  it('leaves the disk as it was', () => {
    expect(existsSync(join(project, 'runs'))).toBe(false);
  });
});
