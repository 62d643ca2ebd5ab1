/** Renaming where other programs have files open, on a Windows that is made up. */
import { describe, expect, it } from 'vitest';
import { renameFile } from '../../src/base/rename.ts';

/** A system that fails with these codes, one a time, and then renames. */
function systemOf(platform: NodeJS.Platform, codes: readonly string[]) {
  const left = [...codes];
  const pauses: number[] = [];
  return {
    pauses,
    left,
    machine: {
      platform,
      rename: async () => {
        const code = left.shift();
        if (code !== undefined) throw Object.assign(new Error(code), { code });
      },
      wait: async (ms: number) => pauses.push(ms),
    },
  };
}

describe('renameFile', () => {
  it('tries again on Windows while another program has the file open, after longer and longer pauses', async () => {
    const { machine, pauses, left } = systemOf('win32', ['EPERM', 'EBUSY', 'EACCES']);
    await renameFile('a', 'b', machine);
    expect(left).toEqual([]);
    expect(pauses).toHaveLength(3);
    expect(pauses).toEqual([...new Set(pauses)].sort((a, b) => a - b));
  });

  it('gives up after some seconds with what the system said', async () => {
    const { machine, pauses } = systemOf('win32', new Array(100).fill('EBUSY'));
    await expect(renameFile('a', 'b', machine)).rejects.toMatchObject({ code: 'EBUSY' });
    expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBe(5000);
  });

  it('does not try again what no waiting mends, nor on other systems', async () => {
    for (const [platform, code] of [
      ['win32', 'ENOSPC'],
      ['linux', 'EACCES'],
    ] as const) {
      const { machine, pauses } = systemOf(platform, [code]);
      await expect(renameFile('a', 'b', machine)).rejects.toMatchObject({ code });
      expect(pauses).toEqual([]);
    }
  });
});
