/** @file What is said about processor, memory, disk and network. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  checkDisk,
  checkMachine,
  checkMemory,
  checkNetwork,
  checkNode,
  describeProcessor,
  NEEDED_NODE,
} from '../../src/machine/checks.ts';
import { containerCores, instructionsOf } from '../../src/machine/processor.ts';
import { temporaryFolder } from '../temporary.ts';

describe('the processor', () => {
  const VNNI = 'processor : 0\nflags\t\t: fpu avx2 avx512f avx512_vnni\n\nprocessor : 1\n';

  it('has the instructions that /proc/cpuinfo lists', () => {
    expect(instructionsOf(VNNI)).toEqual({ names: ['AVX2', 'AVX-512', 'AVX-512 VNNI'], int8: true });
    expect(instructionsOf('flags : fpu avx2\n')).toEqual({ names: ['AVX2'], int8: false });
    expect(instructionsOf('Features\t: fp asimd asimddp\n')).toEqual({ names: ['dot product'], int8: true });
    expect(instructionsOf('')).toBeUndefined();
  });

  it.each([
    ['two and a half', { '/sys/fs/cgroup/cpu.max': '250000 100000\n' }, 2.5],
    ['no limit', { '/sys/fs/cgroup/cpu.max': 'max 100000\n' }, undefined],
    [
      'one, in the older form',
      { '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '50000\n', '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '50000\n' },
      1,
    ],
    [
      'no limit, in the older form',
      { '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n', '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n' },
      undefined,
    ],
    ['nothing where there are no control groups', {}, undefined],
  ])('is shared by a container: %s', (_what, files: Record<string, string>, cores) => {
    expect(containerCores((path) => files[path])).toBe(cores);
  });

  it('is worth a note where a container may use less of it than it seems', () => {
    expect(describeProcessor('EPYC', 8, undefined, VNNI)).toEqual({
      name: 'processor',
      state: 'ok',
      seen: 'EPYC, 8 cores; AVX2, AVX-512, AVX-512 VNNI',
    });
    expect(describeProcessor('EPYC', 8, 2.5, 'flags : avx2')).toEqual({
      name: 'processor',
      state: 'warning',
      seen: 'EPYC, 8 cores; AVX2; no byte products: int8 models gain nothing; the container may use 2.5 of them',
      fix: '--set threads=2',
    });
  });
});

describe('Node.js', () => {
  it('is the one that package.json asks for, or later', async () => {
    const { engines } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(engines.node).toBe(`>=${NEEDED_NODE.join('.')}`);
    expect(['20.19.0', '22.1.0'].map((version) => checkNode(version).state)).toEqual(['ok', 'ok']);
    expect(checkNode('20.18.3')).toMatchObject({ state: 'failed', fix: expect.stringContaining('20.19') });
  });
});

describe('memory and disk', () => {
  it('know the limit of a container', () => {
    expect(checkMemory(64e9, 8e9, 6e9)).toEqual({
      name: 'memory',
      state: 'ok',
      seen: '6.0 GB free of 8.0 GB that the container may use',
    });
    expect(checkMemory(64e9, 0, 1e9)).toMatchObject({
      state: 'warning',
      seen: '1.0 GB free of 64 GB',
      fix: expect.stringContaining('training.batch'),
    });
  });

  it('look at the nearest folder that is there', async () => {
    const check = await checkDisk('runs', join(await temporaryFolder(), 'not', 'yet'));
    expect(check.seen).toMatch(/not\/yet: \d+(\.\d)? GB free$/);
  });

  it('find nothing to fail here', async () => {
    const checks = await checkMachine('runs');
    expect(checks.map(({ name }) => name)).toEqual([
      'Node.js',
      'processor',
      'memory',
      'runs',
      'temporary',
      'images',
    ]);
    expect(checks.filter(({ state }) => state === 'failed')).toEqual([]);
  });
});

describe('the network', () => {
  it('is tried at every source of downloads', async () => {
    const asked: string[] = [];
    const answers = [200, 503, new TypeError('fetch failed', { cause: new Error('no such host') })];
    const get = (async (url: string) => {
      const answer = answers[asked.push(url) - 1]!;
      if (answer instanceof Error) throw answer;
      return new Response(null, { status: answer });
    }) as typeof fetch;
    const checks = await checkNetwork(get);
    expect(checks.map(({ state }) => state)).toEqual(['ok', 'warning', 'warning']);
    expect(checks[1]!.seen).toContain('503');
    expect(checks[2]!.seen).toContain('no such host');
  });
});
