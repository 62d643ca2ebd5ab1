/** The start page's server: folders that it may see, what it finds in them, and files that are dropped. */
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FolderList, Recognised, Upload } from '../../src/desk/protocol.ts';
import type { RoomState } from '../../src/review/protocol.ts';
import { dicomFile, greyTags } from '../../tools/fuzz/dicom-files.ts';
import { errorOf, HOST, KEY, ORIGIN } from './asking.ts';
import { useHouse } from './house.ts';

const { home, project, app, started, get, post, put, asked, told, phantoms } = useHouse();

describe('folders', () => {
  it('are listed without hidden ones, in the home and the project alone', async () => {
    const list = await asked<FolderList>(`api/folders?path=${home()}`);
    expect(list).toEqual({ path: home(), folders: [{ name: 'project', path: project() }], images: 0 });
    const inner = await asked<FolderList>('api/folders');
    expect([inner.path, inner.parent]).toEqual([project(), home()]);
  });

  it('are told with their images, and the DICOM files of the folders beneath', async () => {
    const dicom = dicomFile(greyTags(1, 1, Uint8Array.of(7)));
    const put = async (content: string | Uint8Array, ...path: string[]): Promise<void> => {
      await mkdir(project('export', ...path.slice(0, -1)), { recursive: true });
      await writeFile(project('export', ...path), content);
    };
    await put('', 'a.png');
    await put(dicom, 'P1', 'S1', 'IM1');
    await put(dicom, 'P1', 'S1', 'IM2');
    await put('', 'P1', 'S1', 'thumbnail.png');
    const look = () => asked<FolderList>(`api/folders?path=${project('export')}`);
    expect(await look()).toMatchObject({ images: 3 });
    expect(await look()).not.toHaveProperty('more');
    await put(dicom, 'P2', '1', '2', '3', '4', '5', 'IM3');
    expect(await look()).toMatchObject({ images: 3, more: true });
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
    await symlink(home('..', 'other'), home('link'));
    await writeFile(home('file'), 'x');
    const folder = path.replace('HOME', home());
    const answers = [
      await get(`api/folders?path=${encodeURIComponent(folder)}`),
      await post('api/recognise', { folder }),
      await post('api/check', { folder }),
      await post('api/rooms/labels', { folder }),
      await post('api/runs', { folder, project: project(), name: 'x' }),
      await post('api/runs', { folder: project(), project: folder, name: 'x' }),
      await post('api/uploads', { project: folder, name: 'x', files: 1, bytes: 1 }),
    ];
    expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => status));
    expect(started()).toEqual([]);
    expect(await readdir(home('..', 'other'))).toEqual([]);
  });
});

describe('a folder that is looked at', () => {
  it('with annotations can be learnt from', async () => {
    const folder = await phantoms(3);
    const found = await told<Recognised>('api/recognise', { folder });
    expect(found).toMatchObject({ kind: 'ready', name: 'hands', images: 5, hasSettings: false });
    expect(found.summary.slice(0, 2)).toEqual([
      '3 images with outlines to learn from, 2 images to be outlined.',
      expect.stringMatching(/^3 structures: /),
    ]);
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
      summary: ['2 images without outlines.'],
      found: [],
    });
    const { path } = await told<{ path: string }>('api/rooms/labels', { folder });
    expect((await get(path)).status).toBe(200);
    expect(await (await get(`${path}api/room`)).json()).toMatchObject({
      labels: { done: [] },
      reviewer: 'ada',
    });
    expect(await told('api/rooms/labels', { folder })).toEqual({ path });
  });

  it('shows images that came since it was last opened, and is the same room where none did', async () => {
    const folder = join(await phantoms(1), 'unlabelled');
    const open = async (): Promise<string> =>
      (await told<{ path: string }>('api/rooms/labels', { folder })).path;
    const imagesOf = async (path: string): Promise<string[]> =>
      (await asked<RoomState>(`${path}api/room`)).images.map(({ id }) => id);
    const path = await open();
    const [first] = await imagesOf(path);
    await post(`${path}api/classes`, { add: 'radius' });
    expect((await post(`${path}api/images/${first}/done`, { done: true })).status).toBe(200);
    expect(await open()).toBe(path);
    const [name] = await readdir(join(folder, 'images'));
    await cp(join(folder, 'images', name!), join(folder, 'images', 'new.png'));
    const next = await open();
    expect(await imagesOf(next)).toContain('new');
    expect(await asked<RoomState>(`${next}api/room`)).toMatchObject({ labels: { done: [first] } });
    await writeFile(join(folder, 'packmule.yaml'), 'data: { root: ., window: { low: 50, high: 150 } }\n');
    const seen = await open();
    expect(seen).not.toBe(next);
    expect(await imagesOf(seen)).toContain('new');
  });

  it('without images says what is needed', async () => {
    const response = await post('api/recognise', { folder: project() });
    expect([response.status, (await errorOf(response)).seen]).toEqual([
      422,
      expect.stringContaining('There is no image in'),
    ]);
  });
});

describe('a dropped folder', () => {
  const begin = (change: object = {}): Promise<Response> =>
    post('api/uploads', { project: project(), name: 'new', files: 2, bytes: 10, ...change });
  const bytes = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(7);

  it('is written file by file', async () => {
    const { id, folder } = (await (await begin()).json()) as Upload;
    expect(folder).toBe(project('new'));
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
    await mkdir(project('taken'));
    expect((await begin(change)).status).toBe(status);
    expect(await readdir(project())).toEqual(['taken']);
  });

  it('is refused of an unknown upload, another page, without key or origin', async () => {
    const { id, folder } = (await (await begin()).json()) as Upload;
    const path = `api/uploads/${id}?path=a.png`;
    const bare = (key: string, headers: Record<string, string>): Promise<Response> =>
      Promise.resolve(
        app().request(`${ORIGIN}/${key}/${path}`, {
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
