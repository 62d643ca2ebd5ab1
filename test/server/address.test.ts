/** Servers that find the address of the one before. */
import { readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Hono } from 'hono';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Running, serve } from '../../src/server/serve.ts';
import { temporaryFolder } from '../temporary.ts';

let address: string;
beforeEach(async () => {
  address = join(await temporaryFolder(), 'address.json');
});

const start = (port = 0): Promise<Running> =>
  serve(
    () => new Hono(),
    { port, address },
    async () => undefined,
  );
const keyOf = ({ url }: Running): string => new URL(url).pathname;
const portOf = ({ url }: Running): number => Number(new URL(url).port);

/** The address of a server that was there and ended. */
async function earlier(): Promise<Running> {
  const first = await start();
  await first.close();
  return first;
}

describe('a server that is started again', () => {
  it('has the address of the one before, which the user alone may read', async () => {
    const first = await earlier();
    expect((await stat(address)).mode & 0o777).toBe(0o600);
    for (const port of [0, portOf(first)]) {
      const again = await start(port);
      expect(again.url).toBe(first.url);
      await again.close();
    }
  });

  it('has another key where another port is asked for, or the old one is taken', async () => {
    const first = await earlier();
    const other = await serve(
      () => new Hono(),
      { port: portOf(first) },
      async () => undefined,
    );
    const second = await start();
    expect(portOf(second)).not.toBe(portOf(first));
    expect(keyOf(second)).not.toBe(keyOf(first));
    await second.close();
    await other.close();
    const third = await start(portOf(first));
    expect(keyOf(third)).not.toBe(keyOf(second));
    await third.close();
  });

  it('has another address a day later, and where what was remembered is damaged', async () => {
    const first = await earlier();
    const yesterday = new Date(Date.now() - 25 * 3600 * 1000);
    await utimes(address, yesterday, yesterday);
    const second = await start();
    expect(keyOf(second)).not.toBe(keyOf(first));
    await second.close();
    await writeFile(address, '{"port":80,"key":"../x"}');
    const third = await start();
    expect(JSON.parse(await readFile(address, 'utf8'))).toEqual({
      port: portOf(third),
      key: keyOf(third).slice(1, -1),
    });
    await third.close();
  });
});
