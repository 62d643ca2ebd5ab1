/** The runs page's server: runs as they stand and go on, how they are started, their reports and rounds. */
import { cp, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type {
  Home,
  Recognised,
  RoomOpened,
  RunDetail,
  RunList,
  RunStarted,
} from '../../src/desk/protocol.ts';
import type { RoomState } from '../../src/review/protocol.ts';
import { writeFinishedRun } from '../review/finished-run.ts';
import { errorOf } from './asking.ts';
import { describingModel } from './describing-model.ts';
import { useHouse } from './house.ts';

const { home, project, started, get, post, asked, told, phantoms } = useHouse(describingModel);
const runs = (): Promise<RunList> => asked('api/runs');

describe('runs', () => {
  beforeEach(async () => {
    await writeFinishedRun(project(), { unlabelled: 2 });
  });
  const idOf = async (): Promise<string> => (await runs()).runs[0]!.id;

  it('are listed and shown with what they hold', async () => {
    expect((await runs()).runs).toMatchObject([{ name: 'tiny', state: 'stopped', hasMasks: true }]);
    const initial = project('runs', 'tiny', 'initial');
    await mkdir(initial, { recursive: true });
    const epoch = { epoch: 1, epochs: 2, loss: 0.5, learningRate: 1, seconds: 6, validationDice: 0.25 };
    // The second line is being written.
    await writeFile(join(initial, 'log.jsonl'), `${JSON.stringify(epoch)}\n{"epo`);
    const detail = await asked<RunDetail>(`api/runs/${await idOf()}`);
    expect(detail.curves).toEqual([
      { stage: 'initial', points: [{ epoch: 1, minutes: 0.1, loss: 0.5, valDice: 0.25 }] },
    ]);
    expect(detail.settings).toMatchObject({ 'training.epochs': '3', 'data.root': 'data' });
    expect(detail.stages.map(({ state }) => state)).toContain('waiting');
    expect(JSON.stringify(detail.settings)).not.toContain(home());
  });

  it('are followed while they go on', async () => {
    const id = await idOf();
    const events = (await get(`api/runs/${id}/events`))
      .body!.pipeThrough(new TextDecoderStream())
      .getReader();
    expect((await events.read()).value).toMatch(/event: run\ndata: .*"state":"stopped"/);
    await mkdir(project('runs', 'tiny', 'stages'));
    await writeFile(project('runs', 'tiny', 'stages', 'initial.json'), '{"state":"finished","seconds":3}');
    expect((await events.read()).value).toMatch(
      /"name":"initial","title":"Learn from the annotated images","state":"done","seconds":3/,
    );
    await events.cancel();
  });

  it('start as processes of their own, with settings that were written for them', async () => {
    await phantoms(3);
    const folder = home('hands');
    const { id } = await told<RunStarted>('api/runs', {
      folder,
      project: project(),
      name: 'first',
      minutes: 2,
    });
    expect(started()).toEqual([
      {
        run: project('runs', 'first'),
        args: ['run', folder, '--name', 'first', '--runs', project('runs'), '--set', 'training.minutes=2'],
        cwd: project(),
      },
    ]);
    expect(await readFile(join(folder, 'packmule.yaml'), 'utf8')).toContain('root: .');
    expect((await runs()).runs.find((run) => run.id === id)).toMatchObject({ state: 'working' });
    expect((await post('api/runs', { folder, project: project(), name: 'first' })).status).toBe(422);
    expect((await post(`api/runs/${id}/stop`, {})).status).toBe(204);
    expect(started()).toEqual([]);
  });

  it('are listed once where the page was started by another path to the project, and stop', async () => {
    const { project: page } = await asked<Home>('api/home');
    const { id } = await told<RunStarted>('api/demo', { project: page });
    await cp(project('runs', 'tiny'), project('runs', 'demo'), { recursive: true });
    const demos = (await runs()).runs.filter(({ state }) => state === 'working');
    expect(demos).toMatchObject([{ id }]);
    expect((await runs()).runs).toHaveLength(2);
    expect((await post(`api/runs/${id}/stop`, {})).status).toBe(204);
    expect(started()).toEqual([]);
  });

  it('start in a folder whose name no run may have', async () => {
    const folder = home('Übung 1');
    await rename(await phantoms(3), folder);
    const { name } = await told<Recognised>('api/recognise', { folder });
    expect((await post('api/runs', { folder, project: project(), name })).status).toBe(200);
    expect(await readFile(join(folder, 'packmule.yaml'), 'utf8')).toContain('name: bung-1\n');
  });

  it('are done on phantoms for whoever has no images, once', async () => {
    const begin = (): Promise<RunStarted> => told('api/demo', { project: project() });
    const { id } = await begin();
    const run = project('runs', 'demo');
    const asked = { run, args: ['demo', '--runs', project('runs')], cwd: project() };
    expect(started()).toEqual([asked]);
    expect(await begin()).toEqual({ id });
    expect(started()).toEqual([asked]);
    await post(`api/runs/${id}/stop`, {});
    await mkdir(run, { recursive: true });
    await writeFile(join(run, 'report.html'), '<!doctype html>');
    expect(await begin()).toEqual({ id });
    expect(started()).toEqual([]);
    expect((await post('api/demo', { project: '/etc' })).status).toBe(422);
  });

  it.each([
    ['a path for a name', { name: '../x' }],
    ['an option for a name', { name: '--set' }],
    ['no minutes', { minutes: 0 }],
    ['settings of the page', { set: ['device=cuda'] }],
  ])('do not start with %s', async (_what, change) => {
    const folder = await phantoms(3);
    expect((await post('api/runs', { folder, project: project(), name: 'a', ...change })).status).toBe(422);
    expect(started()).toEqual([]);
  });

  it('have a next round once masks were decided about', async () => {
    const id = await idOf();
    expect((await post(`api/runs/${id}/round`, {})).status).toBe(422);
    const { path } = await told<{ path: string }>('api/rooms/review', { run: id });
    const { items } = await asked<RoomState>(`${path}api/room`);
    const { image, classIndex } = items[0]!;
    const decision = { image, classIndex, verdict: 'accepted', basedOn: 0 };
    expect((await post(`${path}api/decisions`, decision)).status).toBe(200);
    expect((await post(`api/runs/${id}/round`, {})).status).toBe(200);
    expect(started()).toMatchObject([
      {
        run: project('runs', 'tiny-round-2'),
        args: ['run', project('runs', 'tiny'), '--round', '2'],
      },
    ]);
  });

  it('are reviewed with the masks that they have now, and no longer where others were shown', async () => {
    const id = await idOf();
    const open = async (): Promise<string> => (await told<RoomOpened>('api/rooms/review', { run: id })).path;
    const path = await open();
    const { items } = await asked<RoomState>(`${path}api/room`);
    const { image, classIndex } = items[0]!;
    const decision = { image, classIndex, verdict: 'accepted', basedOn: 0 };
    expect((await post(`${path}api/decisions`, decision)).status).toBe(200);
    expect(await open()).toBe(path);
    await rm(project('runs', 'tiny', 'final'), { recursive: true });
    const [next, other] = await Promise.all([open(), open()]);
    expect(other).toBe(next);
    const state = await asked<RoomState>(`${next}api/room`);
    expect(state.items.some(({ stages }) => stages.includes('final'))).toBe(false);
    expect(state.items.find(({ revision }) => revision === 1)).toMatchObject({ image, classIndex });
    const late = await post(`${path}api/decisions`, { ...decision, basedOn: 1 });
    expect([late.status, (await errorOf(late)).seen]).toEqual([404, 'This room is not open any more']);
  });

  it('say where labels help most, in a room that was open before them too', async () => {
    const folder = project('data', 'unlabelled');
    const reasons = async (): Promise<string[]> => {
      const { path } = await told<RoomOpened>('api/rooms/labels', { folder });
      const room = (): Promise<RoomState> => asked(`${path}api/room`);
      await expect.poll(async () => (await room()).labels!.suggestions.length).toBe(2);
      return (await room()).labels!.suggestions.map(({ reason }) => reason);
    };
    await rename(project('runs'), project('later'));
    expect(await reasons()).toEqual(['typical', 'different']);
    await rename(project('later'), project('runs'));
    expect(await reasons()).toEqual(['typical', 'doubtful']);
    // One without masks, though newer, says nothing.
    await cp(project('runs', 'tiny'), project('runs', 'newer'), { recursive: true });
    await rm(project('runs', 'newer', 'refined'), { recursive: true });
    expect(await reasons()).toEqual(['typical', 'doubtful']);
  });

  it('show their report where it can do nothing, and no file that a link leads to', async () => {
    const id = await idOf();
    expect((await get(`api/runs/${id}/report`)).status).toBe(404);
    await writeFile(project('runs', 'tiny', 'report.html'), '<!doctype html>');
    const report = await get(`api/runs/${id}/report`);
    expect(report.headers.get('Content-Security-Policy')).toMatch(/^sandbox; default-src 'none'/);
    expect(report.headers.get('X-Content-Type-Options')).toBe('nosniff');
    await rm(project('runs', 'tiny', 'report.html'));
    await writeFile(home('secret.html'), 'secret');
    await symlink(home('secret.html'), project('runs', 'tiny', 'report.html'));
    expect((await get(`api/runs/${id}/report`)).status).toBe(404);
  });

  it('that a link leads to are not listed', async () => {
    await rename(project('runs', 'tiny'), home('..', 'other', 'tiny'));
    await symlink(home('..', 'other', 'tiny'), project('runs', 'tiny'));
    expect((await runs()).runs).toEqual([]);
  });

  it('show tables of benchmarks', async () => {
    await mkdir(project('runs', 'benchmark'));
    await writeFile(project('runs', 'benchmark', 'table.html'), '<!doctype html>');
    const { benchmarks } = await runs();
    expect(benchmarks).toMatchObject([{ name: 'benchmark' }]);
    expect((await get(`api/runs/${benchmarks[0]!.id}/table`)).status).toBe(200);
  });
});
