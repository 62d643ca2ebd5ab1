import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { modelEnvironment } from '../../src/models/environment.ts';
import { locateModel } from '../../src/models/locate.ts';
import { removeModel } from '../../src/models/remove.ts';
import { verifyModel } from '../../src/models/resolve.ts';
import { useFolder } from '../pipeline/folder.ts';
import { CONTENT, entryOf, environmentIn, ON_HUB } from './server.ts';

const inFolder = useFolder();
const environmentOf = (variables: Record<string, string>, platform: NodeJS.Platform = 'linux') =>
  modelEnvironment(variables, { home: '/home/me', platform });

async function place(content: Uint8Array, ...parts: string[]): Promise<string> {
  const path = inFolder(...parts);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  return path;
}

describe('the environment', () => {
  it.each([
    [{}, 'linux', '/home/me/.cache/packmule/models'],
    [{}, 'darwin', '/home/me/Library/Caches/packmule/models'],
    [{ XDG_CACHE_HOME: '/big' }, 'linux', '/big/packmule/models'],
    [{ XDG_CACHE_HOME: '/big', PACKMULE_HOME: '/own' }, 'darwin', '/own/models'],
  ] as const)('%j on %s keeps models in %s', (variables, platform, folder) => {
    expect(environmentOf(variables, platform).folder).toBe(folder);
  });

  it.each([
    [{}, '/home/me/.cache/huggingface/hub'],
    [{ XDG_CACHE_HOME: '/big' }, '/big/huggingface/hub'],
    [{ HF_HOME: '/hf' }, '/hf/hub'],
    [{ HF_HOME: '/hf', HF_HUB_CACHE: '/hub' }, '/hub'],
  ])('%j looks for the cache of the hub in %s', (variables, folder) => {
    expect(environmentOf(variables).hubCache).toBe(folder);
  });

  it('names the hub, a mirror of it, a token, and whether to stay offline', () => {
    expect(environmentOf({ HF_TOKEN: '', HF_HUB_OFFLINE: '0' })).toMatchObject({
      endpoint: 'https://huggingface.co',
      hubFirst: false,
      offline: false,
    });
    expect(
      environmentOf({ HF_ENDPOINT: 'https://mirror.org/hf/', HF_TOKEN: ' hf_1 ', HF_HUB_OFFLINE: 'YES' }),
    ).toMatchObject({ endpoint: 'https://mirror.org/hf', hubFirst: true, token: 'hf_1', offline: true });
  });

  it('is refused where it is impossible, without showing the token', () => {
    expect(() => environmentOf({ HF_ENDPOINT: 'mirror' })).toThrow(/HF_ENDPOINT is mirror/);
    expect(() => environmentOf({ HF_TOKEN: 'hf_ä\nb' })).toThrow(/^(?!.*hf_ä).*HF_TOKEN/);
  });
});

describe('a model', () => {
  it('is found in our folder, but not with another size', async () => {
    const entry = entryOf(ON_HUB);
    expect(await locateModel(entry, environmentIn(inFolder()))).toBeUndefined();
    await place(CONTENT.subarray(1), 'models', 'tiny.pth');
    expect(await locateModel(entry, environmentIn(inFolder()))).toBeUndefined();
    const path = await place(CONTENT, 'models', 'tiny.pth');
    expect(await locateModel(entry, environmentIn(inFolder()))).toBe(path);
  });

  it.each([
    ['owner/name', 'models--owner--name'],
    ['spaces/owner/name', 'spaces--owner--name'],
  ])('of %s is found in the cache of the hub', async (repository, folder) => {
    const blob = await place(CONTENT, 'hf', 'hub', folder, 'blobs', 'abc');
    const link = inFolder('hf', 'hub', folder, 'snapshots', 'commit', 'weights', 'tiny.pth');
    await mkdir(dirname(link), { recursive: true });
    await symlink(blob, link);
    const entry = entryOf('https://example.org/tiny.pth', { ...ON_HUB, repository });
    const environment = environmentIn(inFolder('own'), { HF_HOME: inFolder('hf') });
    expect(await locateModel(entry, environment)).toBe(link);
    await expect(removeModel(entry, environment)).rejects.toMatchObject({
      seen: `tiny is used from ${link}`,
      fix: expect.stringContaining('Hugging Face'),
    });
  });

  it('is used only with the hash that was published', async () => {
    const chosen = { entry: entryOf(ON_HUB) };
    await verifyModel(chosen, await place(CONTENT, 'right.pth'));
    const other = await place(CONTENT.toReversed(), 'wrong.pth');
    await expect(verifyModel(chosen, other)).rejects.toMatchObject({
      seen: expect.stringContaining(`${other} has the SHA-256`),
      fix: expect.stringContaining('packmule models pull tiny'),
    });
    await verifyModel({ path: other }, other);
  });
});
