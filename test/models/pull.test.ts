/** Downloads from servers that redirect, cut, stall, lie and refuse. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { partialPath } from '../../src/models/download.ts';
import { pullModel } from '../../src/models/pull.ts';
import { useFolder } from '../pipeline/folder.ts';
import {
  CONTENT,
  closedAddress,
  entryOf,
  environmentIn,
  type FileOptions,
  file,
  type Handler,
  ON_HUB,
  pullOptions,
  redirect,
  serve,
  sha256,
  status,
  takeNotes,
} from './server.ts';

const inFolder = useFolder();
const target = (): string => inFolder('models', 'tiny.pth');

/** A server of the file whose connection is cut. */
const cutFile = (options: FileOptions): Handler => file({ ...options, arrivesIn: partialPath(target()) });

async function expectWhole(path: string): Promise<void> {
  expect(path).toBe(target());
  expect(sha256(await readFile(path))).toBe(sha256(CONTENT));
  expect(await readdir(inFolder('models'))).toEqual(['tiny.pth']);
}

/** Pulls from a server that answers so, by an address. */
async function pullFrom(...handlers: readonly Handler[]) {
  const server = await serve(...handlers);
  const observer = takeNotes();
  const options = pullOptions(environmentIn(inFolder()), { observer });
  const path = pullModel(entryOf(`${server.url}/tiny.pth`), options);
  return { server, observer, path };
}

const changed = Uint8Array.from(CONTENT, (byte) => byte ^ 1);

describe('a download', () => {
  it('puts the checked file in its place and tells how far it is', async () => {
    const { observer, path } = await pullFrom(file());
    await expectWhole(await path);
    expect(observer.notes).toEqual([`tiny is not here yet: downloading 300 kB to ${target()}.`]);
    expect(observer.shown.at(-1)).toEqual([1, expect.stringMatching(/^300 kB of 300 kB/)]);
  });

  it('is not done again', async () => {
    const server = await serve(file());
    const entry = entryOf(server.url);
    await pullModel(entry, pullOptions(environmentIn(inFolder())));
    await expectWhole(await pullModel(entry, pullOptions(environmentIn(inFolder()))));
    expect(server.requests).toHaveLength(1);
  });

  it('follows redirects to other hosts', async () => {
    const store = await serve(file());
    const { path } = await pullFrom(redirect('/moved'), redirect(`${store.url}/signed?key=1`));
    await expectWhole(await path);
  });

  it('ends where redirects do not', async () => {
    const { path } = await pullFrom(redirect('/again'));
    await expect(path).rejects.toThrow(/redirects more than 10 times/);
  });
});

describe('a connection that is cut', () => {
  it('is taken up where it was, of the same version of the file', async () => {
    const { server, observer, path } = await pullFrom(cutFile({ cutAfter: 100_000 }), file());
    await expectWhole(await path);
    expect(server.requests[1]?.headers).toMatchObject({ range: 'bytes=100000-', 'if-range': '"v1"' });
    expect(observer.notes[1]).toMatch(/127\.0\.0\.1:\d+ cut the connection.*trying again in 1 s/);
  });

  it('may be cut as often as it brings something new', async () => {
    const { server, path } = await pullFrom(cutFile({ cutAfter: 40_000 }));
    await expectWhole(await path);
    expect(server.requests).toHaveLength(8);
  });

  it('is given up when it brings nothing new', async () => {
    const { server, path } = await pullFrom(cutFile({ cutAfter: 1000, etag: 'W/"weak"' }));
    await expect(path).rejects.toThrow(/cut the connection/);
    expect(server.requests).toHaveLength(4);
  });

  it('is cut by us when it is silent', async () => {
    const { server, observer, path } = await pullFrom(file({ stallAfter: 100_000 }), file());
    await expectWhole(await path);
    expect(observer.notes[1]).toMatch(/was silent for 1 s/);
    expect(server.requests[1]?.headers.range).toBe('bytes=100000-');
  });

  it('is cut by us when not even an answer comes', async () => {
    const { observer, path } = await pullFrom(() => undefined, file());
    await expectWhole(await path);
    expect(observer.notes[1]).toMatch(/was silent/);
  });

  it('starts anew where the file was changed meanwhile', async () => {
    const old = cutFile({ content: changed, etag: '"v0"', cutAfter: 100_000 });
    const { server, path } = await pullFrom(old, file());
    await expectWhole(await path);
    expect(server.requests[1]?.headers['if-range']).toBe('"v0"');
    expect(server.requests).toHaveLength(2);
  });

  it('starts anew where the server knows no parts', async () => {
    const ignorant: Handler = (_request, response) => response.end(CONTENT);
    const { path } = await pullFrom(cutFile({ cutAfter: 100_000 }), ignorant);
    await expectWhole(await path);
  });

  it('starts anew where the server goes on at another place', async () => {
    const wrong: Handler = (_request, response) => {
      response
        .writeHead(206, { etag: '"v1"', 'content-range': 'bytes 5-299999/300000' })
        .end(CONTENT.subarray(5));
    };
    const { server, path } = await pullFrom(cutFile({ cutAfter: 100_000 }), wrong, file());
    await expectWhole(await path);
    expect(server.requests[2]?.headers.range).toBeUndefined();
  });

  it('starts anew where the parts do not fit together in spite of what the server says', async () => {
    const { observer, path } = await pullFrom(cutFile({ content: changed, cutAfter: 100_000 }), file());
    await expectWhole(await path);
    expect(observer.notes).toContain('The parts of the file do not fit together; starting anew.');
  });
});

describe('a server that is busy', () => {
  it.each([[429], [503], [408]])('with %d is asked again', async (code) => {
    const { path } = await pullFrom(status(code), file());
    await expectWhole(await path);
  });

  it('is asked when it says', async () => {
    const { observer, path } = await pullFrom(status(429, { 'retry-after': '1' }), file());
    await expectWhole(await path);
    expect(observer.notes[1]).toMatch(/answered 429 Too Many Requests; trying again in 1 s/);
  });

  it('for good is given up', async () => {
    const { server, path } = await pullFrom(status(503));
    await expect(path).rejects.toThrow(/answered 503 Service Unavailable/);
    expect(server.requests).toHaveLength(4);
  });
});

describe('a file that is not the one', () => {
  it('by its announced length is not fetched', async () => {
    const { path } = await pullFrom(file({ content: CONTENT.subarray(1) }));
    await expect(path).rejects.toThrow(/has a file of 299999 bytes instead of 300000/);
    expect(await readdir(inFolder('models'))).toEqual([]);
  });

  it('by the hash that the hub announces is not fetched', async () => {
    const announced = 'a'.repeat(64);
    const { server, path } = await pullFrom(
      redirect('/there', { 'x-linked-etag': `"${announced}"` }),
      file(),
    );
    await expect(path).rejects.toThrow(`announces a file with the SHA-256 ${announced}`);
    expect(server.requests).toHaveLength(2);
  });

  it('by a body longer than any file of it is thrown away', async () => {
    const endless: Handler = (_request, response) => {
      response.writeHead(200, { etag: '"v1"' });
      response.write(CONTENT);
      response.end(CONTENT);
    };
    const { path } = await pullFrom(endless);
    await expect(path).rejects.toThrow(/sends more than the 300000 bytes/);
    expect(await readdir(inFolder('models'))).toEqual([]);
  });

  it('by its hash is thrown away', async () => {
    const { server, path } = await pullFrom(file({ content: changed }));
    await expect(path).rejects.toThrow(
      `sent a file with the SHA-256 ${sha256(changed)} instead of ${sha256(CONTENT)}`,
    );
    expect(await readdir(inFolder('models'))).toEqual([]);
    expect(server.requests).toHaveLength(1);
  });
});

describe('the hub', () => {
  const TOKEN = 'hf_secret';

  it('is asked by its own address and gets the token, which no other host gets', async () => {
    const store = await serve(file());
    const hub = await serve(redirect(`${store.url}/signed`, { 'x-linked-etag': `"${sha256(CONTENT)}"` }));
    const environment = environmentIn(inFolder(), { HF_ENDPOINT: `${hub.url}/`, HF_TOKEN: ` ${TOKEN}\n` });
    await expectWhole(await pullModel(entryOf(ON_HUB), pullOptions(environment)));
    expect(hub.requests[0]?.url).toBe('/owner/name/resolve/abc/weights/tiny.pth');
    expect(hub.requests[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
    expect(store.requests[0]?.headers).not.toHaveProperty('authorization');
  });

  it('that is named goes before other sources, which get no token', async () => {
    const other = await serve(file());
    const hub = await serve(status(404));
    const environment = environmentIn(inFolder(), { HF_ENDPOINT: hub.url, HF_TOKEN: TOKEN });
    await expectWhole(await pullModel(entryOf(other.url, ON_HUB), pullOptions(environment)));
    expect(hub.requests).toHaveLength(1);
    expect(other.requests[0]?.headers).not.toHaveProperty('authorization');
  });

  it.each([
    [401, {}, 'set HF_TOKEN'],
    [403, { HF_TOKEN: TOKEN }, 'HF_TOKEN gives no access'],
  ])(
    'that answers %d leads to a word about tokens, and never to the token',
    async (code, variables, hint) => {
      const hub = await serve(status(code));
      const environment = environmentIn(inFolder(), { HF_ENDPOINT: hub.url, ...variables });
      const error = await pullModel(entryOf(ON_HUB), pullOptions(environment)).catch(
        (reason: Error) => reason,
      );
      expect(error).toMatchObject({ name: 'CheckpointError', seen: expect.stringContaining(hint) });
      expect(JSON.stringify(error) + String(error)).not.toContain(TOKEN);
    },
  );
});

describe('without a source', () => {
  it('the error says which file is to be put where', async () => {
    const { server, path } = await pullFrom(status(404));
    await expect(path).rejects.toMatchObject({
      name: 'CheckpointError',
      seen: expect.stringMatching(/tiny is not on this machine.*answered 404 Not Found/),
      need: `The file tiny.pth of 300000 bytes, from ${server.url}/tiny.pth`,
      fix: expect.stringContaining(`put it at ${target()}`),
    });
    await writeFile(target(), CONTENT);
    const offline = entryOf(await closedAddress());
    await expectWhole(await pullModel(offline, pullOptions(environmentIn(inFolder()))));
  });

  it('a host that is not there is not asked twice', async () => {
    const observer = takeNotes();
    const options = pullOptions(environmentIn(inFolder()), { observer });
    const pulling = pullModel(entryOf(await closedAddress()), options);
    await expect(pulling).rejects.toThrow(/127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)/);
    expect(observer.notes).toHaveLength(1);
  });

  it('the next one is asked', async () => {
    const server = await serve(file());
    const options = pullOptions(environmentIn(inFolder()));
    await expectWhole(await pullModel(entryOf(await closedAddress(), server.url), options));
  });

  it('a file that was put there in part is named, and replaced', async () => {
    await mkdir(inFolder('models'));
    await writeFile(target(), CONTENT.subarray(0, 1000));
    const { observer, path } = await pullFrom(file());
    await expectWhole(await path);
    expect(observer.notes[0]).toBe(`${target()} is not whole: it has 1000 bytes instead of 300000.`);
  });

  it('and with HF_HUB_OFFLINE nothing is asked', async () => {
    const server = await serve(file());
    const environment = environmentIn(inFolder(), { HF_HUB_OFFLINE: '1' });
    await expect(pullModel(entryOf(server.url), pullOptions(environment))).rejects.toThrow(
      /HF_HUB_OFFLINE is set.*put it at/,
    );
    expect(server.requests).toHaveLength(0);
  });
});

describe('a user who stops', () => {
  it('keeps what is here, and goes on from there', async () => {
    const server = await serve(file({ stallAfter: 100_000 }), file());
    const entry = entryOf(server.url);
    const stop = new AbortController();
    const observer = takeNotes();
    observer.progress = (fraction) => fraction > 0.3 && stop.abort(new Error('stopped'));
    const options = pullOptions(environmentIn(inFolder()), { observer, signal: stop.signal });
    await expect(pullModel(entry, options)).rejects.toThrow('stopped');
    expect(await readFile(partialPath(target()))).toHaveLength(100_000);
    await expectWhole(await pullModel(entry, pullOptions(environmentIn(inFolder()))));
    expect(server.requests[1]?.headers.range).toBe('bytes=100000-');
  });
});

describe('two at once', () => {
  it('fetch the file once: the second waits and says for whom', async () => {
    let answer = (): void => undefined;
    const server = await serve((request, response) => {
      answer = () => file()(request, response);
    });
    const entry = entryOf(server.url);
    const environment = environmentIn(inFolder());
    const patience = { stallMs: 20_000, backoffMs: 1, attempts: 0 };
    const first = pullModel(entry, pullOptions(environment, { patience }));
    await expect.poll(() => server.requests.length, { timeout: 20_000 }).toBe(1);
    const observer = takeNotes(() => answer());
    const second = pullModel(entry, pullOptions(environment, { observer, patience }));
    await expectWhole(await first);
    await expectWhole(await second);
    expect(observer.notes).toEqual([
      expect.stringMatching(
        `^Process ${process.pid} on this machine has been downloading it since .*; waiting`,
      ),
    ]);
    expect(server.requests).toHaveLength(1);
  });
});

describe('a full disk', () => {
  it.skipIf(!existsSync('/dev/full'))('is said, with what to do', async () => {
    await mkdir(inFolder('models'));
    await symlink('/dev/full', partialPath(target()));
    const { path } = await pullFrom(file());
    await expect(path).rejects.toMatchObject({
      name: 'RunError',
      seen: expect.stringMatching(/tiny\.pth\.partial could not be written \(ENOSPC/),
      fix: expect.stringMatching(/^Free some space/),
    });
  });

  it('is noticed before anything is asked', async () => {
    const server = await serve(file());
    const entry = { ...entryOf(server.url), bytes: 1e18 };
    await expect(pullModel(entry, pullOptions(environmentIn(inFolder())))).rejects.toMatchObject({
      name: 'RunError',
      need: 'Downloading tiny writes up to 1000000 TB',
      fix: expect.stringContaining('PACKMULE_HOME'),
    });
    expect(server.requests).toHaveLength(0);
  });
});
