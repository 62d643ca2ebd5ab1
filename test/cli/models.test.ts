/** Models, downloads and stored embeddings from the command line. No host but this machine is asked. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { findModel } from '../../src/models/registry.ts';
import { encodeSafetensors } from '../../src/tensor/safetensors.ts';
import { redirect, serve, status } from '../models/server.ts';
import { TINY_SETTINGS, writeTinyData } from '../pipeline/tiny.ts';
import { tinyCheckpoint } from '../sam/tiny-model.ts';
import { type Started, startCli, useSharedFolder } from './program.ts';

const inFolder = useSharedFolder();
const medsam = findModel('medsam-vit-b')!;

/** Lets a process of the command line reach this machine alone. */
const OWN_MACHINE_ONLY = `data:text/javascript,${encodeURIComponent(`
const { fetch } = globalThis;
globalThis.fetch = (url, options) => new URL(url).hostname === '127.0.0.1'
  ? fetch(url, options)
  : Promise.reject(Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error(), { code: 'ENOTFOUND' }) }));
`)}`;

function start(
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
  folder = inFolder(),
): Started {
  return startCli(folder, args, {
    PACKMULE_HOME: inFolder('home'),
    HF_HOME: inFolder('hf'),
    HF_HUB_CACHE: '',
    NODE_OPTIONS: `--import=${OWN_MACHINE_ONLY}`,
    ...variables,
  });
}

async function json(args: readonly string[], variables?: Readonly<Record<string, string>>) {
  const { code, stdout, stderr } = await start([...args, '--json'], variables).ended;
  return { code, stderr, ...JSON.parse(stdout) };
}

const SETTINGS = [
  ...Object.entries(TINY_SETTINGS.training).map(([key, value]) => `training.${key}=${JSON.stringify(value)}`),
  'evaluation.resamples=100',
  'threads=1',
].flatMap((set) => ['--set', set]);

beforeAll(async () => {
  await mkdir(inFolder('sam'));
  await writeFile(inFolder('sam', 'model.safetensors'), encodeSafetensors(tinyCheckpoint().weights));
  await writeTinyData(inFolder('data'));
});

describe('packmule models', () => {
  it('lists what there is, and where', async () => {
    const { code, models, folder } = await json(['models']);
    expect({ code, folder }).toEqual({ code: 0, folder: inFolder('home', 'models') });
    expect(models.map(({ name }: { name: string }) => name)).toContain('sam-vit-h');
    expect(models[0]).toMatchObject({ name: 'foal', path: expect.stringMatching(/weights/), from: [] });
    expect(models[1]).toMatchObject({
      name: 'sam-vit-b',
      bytes: 375_042_383,
      licence: 'Apache-2.0',
      path: null,
    });

    const { stdout } = await start(['models']).ended;
    expect(stdout).toMatch(/^foal +7\.2 MB, Apache-2\.0, part of Packmule/);
    expect(stdout).toMatch(/\nsam-vit-b +375 MB, Apache-2\.0, from dl\.fbaipublicfiles\.com/);
    expect(stdout).toContain('not here; packmule models pull sam-vit-b');
  });

  it.each([
    [['models', 'pull', 'sam-vit-x'], 'Did you mean sam-vit-b?'],
    [['models', 'pull'], "missing required argument 'name'"],
    [['models', 'pull', '--help'], 'packmule models pull sam-vit-h'],
  ])('%j says %s', async (args, words) => {
    const { code, stdout, stderr } = await start(args).ended;
    expect(code).toBe(args.includes('--help') ? 0 : 2);
    expect(stdout + stderr).toContain(words);
  });
});

describe('packmule models pull', () => {
  it('says, where the connection fails, which file is to be put where', async () => {
    const { code, error } = await json(['models', 'pull', 'sam-vit-b']);
    expect(code).toBe(2);
    expect(error).toMatchObject({
      name: 'CheckpointError',
      seen: expect.stringContaining('dl.fbaipublicfiles.com cannot be reached (ENOTFOUND)'),
      need: expect.stringContaining('sam_vit_b_01ec64.pth of 375042383 bytes'),
      fix: expect.stringContaining(inFolder('home', 'models', 'sam_vit_b_01ec64.pth')),
    });
  });

  it('refuses what a mirror says to be another file', async () => {
    const mirror = await serve(redirect('/file', { 'x-linked-etag': `"${'0'.repeat(64)}"` }), status(200));
    const { code, error } = await json(['models', 'pull', 'medsam-vit-b'], { HF_ENDPOINT: mirror.url });
    expect(code).toBe(2);
    expect(error.seen).toContain(`announces a file with the SHA-256 ${'0'.repeat(64)}`);
  });

  it('goes on after a kill; Ctrl-C keeps what is here', async () => {
    const partial = inFolder('home', 'models', `${medsam.file}.partial`);
    let sent = 0;
    // A megabyte, then silence.
    const mirror = await serve((request, response) => {
      const [, from = '0'] = /^bytes=(\d+)-/.exec(request.headers.range ?? '') ?? [];
      sent = Number(from) + 1_000_000;
      response.writeHead(from === '0' ? 200 : 206, {
        etag: '"v1"',
        'content-length': medsam.bytes - Number(from),
        'content-range': `bytes ${from}-${medsam.bytes - 1}/${medsam.bytes}`,
      });
      response.write(Buffer.alloc(1_000_000));
    });
    const pull = (): Started => start(['models', 'pull', 'medsam-vit-b'], { HF_ENDPOINT: mirror.url });
    const here = (): Promise<number> =>
      stat(partial).then(
        ({ size }) => size,
        () => 0,
      );

    const killed = pull();
    await expect.poll(here, { timeout: 20_000 }).toBe(1_000_000);
    killed.child.kill('SIGKILL');
    await killed.ended;
    expect(existsSync(inFolder('home', 'models', `${medsam.file}.lock`)), 'the lock stays behind').toBe(true);

    const stopped = pull();
    await expect.poll(here, { timeout: 20_000 }).toBe(2_000_000);
    expect(sent).toBe(2_000_000);
    expect(mirror.requests[1]?.headers).toMatchObject({ range: 'bytes=1000000-', 'if-range': '"v1"' });
    const waiting = pull();
    waiting.child.stderr.on('data', () => stopped.child.kill('SIGINT'));
    expect(await stopped.ended).toMatchObject({
      code: 130,
      stderr: expect.stringContaining('Go on with: packmule models pull medsam-vit-b'),
    });
    await expect.poll(here, { timeout: 20_000 }).toBe(3_000_000);
    waiting.child.kill('SIGINT');
    expect(await waiting.ended).toMatchObject({
      code: 130,
      stderr: expect.stringContaining(`Process ${stopped.child.pid} on this machine has been downloading it`),
    });

    const { partials } = await json(['cache']);
    expect(partials).toEqual([
      expect.objectContaining({ model: 'medsam-vit-b', bytes: 3_000_000, wholeBytes: medsam.bytes }),
    ]);
    expect(await json(['cache', 'clear', '--model', 'medsam-vit-b'])).toMatchObject({
      code: 0,
      bytes: 3_000_000,
    });
    expect(await readdir(inFolder('home', 'models'))).toEqual([]);
  }, 90_000);
});

describe('a run with SAM', () => {
  const RUN = ['run', 'data', ...SETTINGS, '--runs', 'all-runs'];

  it('checks the data, then gets the model, before anything is trained', async () => {
    const offline = { HF_HUB_OFFLINE: '1' };
    const { code, error, stderr } = await json([...RUN, '--refiner', 'sam'], offline);
    expect(code).toBe(2);
    expect(error.seen).toBe(
      'sam-vit-b is not on this machine and could not be downloaded: HF_HUB_OFFLINE is set',
    );
    expect(stderr).toContain('Checking the data: done');
    expect(stderr).not.toContain('Training');
    const medsamRun = await json([...RUN, '--set', 'refine.preset=medsam'], offline);
    expect(medsamRun.error.seen).toContain('medsam-vit-b is not on this machine');
  });

  it('needs no more than refiner and model in the folder of a data set', async () => {
    const args = ['run', '--refiner', 'sam', '--model', 'sam-vit-h', '--runs', inFolder('all-runs')];
    const { code, stderr } = await start(args, { HF_HUB_OFFLINE: '1' }, inFolder('data')).ended;
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('sam-vit-h is not on this machine'),
    });
    const elsewhere = await start(args, {}, inFolder('sam')).ended;
    expect(elsewhere.stderr).toContain('packmule.yaml does not exist');
  });

  it('says the size of a download beforehand', async () => {
    const mirror = await serve(status(404));
    const { stderr } = await json([...RUN, '--model', 'sam-vit-h'], { HF_ENDPOINT: mirror.url });
    expect(stderr).toMatch(/sam-vit-h is not here yet: downloading 2\.6 GB to .*sam_vit_h_4b8939\.pth\./);
  });

  it.each([
    ['embed', ['embed', 'data', ...SETTINGS, '--refiner', 'sam', '--model', 'mobile-sam']],
    ['label', ['label', 'data', '--model', 'mobile-sam']],
  ])('is not used by %s where its file holds other bytes than were published', async (_, args) => {
    const { file, bytes } = findModel('mobile-sam')!;
    await mkdir(inFolder('changed', 'models'), { recursive: true });
    await writeFile(inFolder('changed', 'models', file), '');
    await truncate(inFolder('changed', 'models', file), bytes);
    const { code, stderr } = await start(args, { PACKMULE_HOME: inFolder('changed') }).ended;
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('has the SHA-256') });
    expect(stderr).toContain('packmule models pull mobile-sam');
  });

  it('refuses a model that is neither known nor a file, first of all', async () => {
    const { error, stderr } = await json([...RUN, '--model', 'sam-vit-hh']);
    expect(error).toMatchObject({ name: 'CheckpointError', fix: 'Did you mean sam-vit-h?' });
    expect(stderr).toBe('');
  });

  it('takes a file by a path from where the user is, and keeps embeddings under its name', async () => {
    await mkdir(inFolder('elsewhere'));
    await writeFile(inFolder('elsewhere', 'own.safetensors'), encodeSafetensors(tinyCheckpoint().weights));
    const done = await json([...RUN, '--model', 'elsewhere/own.safetensors', '--name', 'own']);
    expect({ code: done.code, stderr: done.stderr }).toMatchObject({ code: 0 });
    const config = JSON.parse(await readFile(inFolder('all-runs', 'own', 'config.json'), 'utf8')).config;
    expect(config).toMatchObject({
      refine: { refiner: 'sam' },
      sam: { model: inFolder('elsewhere', 'own.safetensors') },
    });

    const { embeddings } = await json(['cache', '--runs', 'all-runs']);
    expect(embeddings).toEqual([
      { label: 'own.safetensors', folder: expect.any(String), images: 12, bytes: expect.any(Number) },
    ]);
    const { stdout } = await start(['cache', '--runs', 'all-runs']).ended;
    expect(stdout).toMatch(/^own\.safetensors: embeddings of 12 images, .*kB, in all-runs\/\.embeddings\//);
  });
});

describe('packmule models remove', () => {
  it('removes the file that lies in its own folder, and nothing else', async () => {
    await mkdir(inFolder('home', 'models'), { recursive: true });
    const path = inFolder('home', 'models', medsam.file);
    await writeFile(path, 'a model');
    await writeFile(inFolder('home', 'models', 'another.pth'), 'another');
    const removed = await json(['models', 'remove', 'medsam-vit-b']);
    expect(removed).toMatchObject({ code: 0, model: 'medsam-vit-b', path, bytes: 7 });
    expect(existsSync(path)).toBe(false);
    expect(existsSync(inFolder('home', 'models', 'another.pth'))).toBe(true);
    await rm(inFolder('home', 'models', 'another.pth'));

    const again = await json(['models', 'remove', 'medsam-vit-b']);
    expect(again).toMatchObject({ code: 2, error: { seen: 'medsam-vit-b is not here' } });
  });

  it('leaves what is part of Packmule, and knows the names that there are', async () => {
    const foal = await json(['models', 'remove', 'foal']);
    expect(foal).toMatchObject({ code: 2, error: { seen: 'foal is a part of Packmule' } });
    const unknown = await json(['models', 'remove', 'sam-vit-x']);
    expect(unknown).toMatchObject({ code: 2, error: { fix: 'Did you mean sam-vit-b?' } });
  });
});

describe('packmule cache clear', () => {
  it('wants to be told what', async () => {
    expect((await json(['cache', 'clear'])).error.fix).toContain('--all');
    const other = await json(['cache', 'clear', '--model', 'sam-vit-b', '--runs', 'all-runs']);
    expect(other.error).toMatchObject({
      seen: 'Nothing is stored for sam-vit-b',
      need: 'Something is stored for own.safetensors',
    });
  });

  it('removes what is stored', async () => {
    const { code, bytes, embeddings } = await json(['cache', 'clear', '--all', '--runs', 'all-runs']);
    expect({ code, models: embeddings.length }).toEqual({ code: 0, models: 1 });
    expect(bytes).toBeGreaterThan(1000);
    expect((await start(['cache', '--runs', 'all-runs']).ended).stdout).toBe('Nothing is stored.\n');
    await rm(inFolder('all-runs'), { recursive: true });
  });
});

describe('packmule init', () => {
  it('writes refiner and model into the settings', async () => {
    expect(await json(['init', 'data', '--model', 'sam-vit-h', '--output', 'named.yaml'])).toMatchObject({
      code: 0,
    });
    const text = await readFile(inFolder('named.yaml'), 'utf8');
    expect(text).toMatch(/^ {2}refiner: sam$/m);
    expect(text).toMatch(/^ {2}model: sam-vit-h$/m);
    await mkdir(inFolder('settings'));
    await json(['init', 'data', '--model', 'sam/model.safetensors', '--output', 'settings/own.yaml']);
    expect(await readFile(inFolder('settings', 'own.yaml'), 'utf8')).toMatch(
      /^ {2}model: \.\.\/sam\/model\.safetensors$/m,
    );
    const wrong = await json(['init', 'data', '--refiner', 'magic', '--output', 'wrong.yaml']);
    expect(wrong.error.fix).toBe('Choose one of foal+close-up, close-up, foal, sam, random-walker, none');
    expect(existsSync(inFolder('wrong.yaml'))).toBe(false);
  });
});
