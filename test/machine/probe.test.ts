/** @file Trying a device: the CPU for real, others by sessions that spoil what the CPU computes. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { probeDevice, relativeError } from '../../src/machine/probe.ts';
import { probeInChild } from '../../src/machine/probe-child.ts';
import { openSession, type Session } from '../../src/runtime/session.ts';
import { float32, type NdArray } from '../../src/tensor/array.ts';
import { temporaryFolder } from '../temporary.ts';
import { ABSENT } from './machine.ts';

/** Sessions on the CPU whose results, where another device is asked for, pass through `spoil`. */
function spoiled(spoil: (name: string, array: NdArray) => NdArray): typeof openSession {
  return async (model, { device, ...options } = {}) => {
    const session: Session = await openSession(model, { ...options, threads: 1 });
    if (device === undefined || device === 'cpu') return session;
    return {
      ...session,
      run: async (feeds) => {
        const results = await session.run(feeds);
        for (const name of session.outputNames) results[name] = spoil(name, results[name]!);
        return results;
      },
    };
  };
}

const changed = (array: NdArray, change: (value: number) => number): NdArray =>
  float32(array.shape, Float32Array.from(array.data as Float32Array, change));

describe('the probe', () => {
  it('passes the CPU', async () => {
    const result = await probeDevice('cpu');
    expect(result).toMatchObject({ outcome: 'matches', gflops: expect.any(Number) });
    if (result.outcome !== 'matches') return;
    expect(result.error).toBeLessThan(1e-4);
    expect(Math.min(result.gflops, result.stepMs)).toBeGreaterThan(0);
  });

  it('passes a device that rounds, and says by how much', async () => {
    const open = spoiled((_name, array) => changed(array, (value) => value * 1.001));
    const result = await probeDevice('webgpu', { open, thorough: true });
    expect(result).toMatchObject({ outcome: 'matches', error: expect.closeTo(0.001, 4) });
  });

  it.each([
    ['one wrong output of the training step', 'next.moment1', (value: number) => value * 1.1, 0.1],
    ['a transformer that gives nothing', 'tokens', () => 0, 1],
    ['a loss that is no number', 'loss', () => Number.NaN, Number.NaN],
  ])('fails %s', async (_what, output, change, error) => {
    const open = spoiled((name, array) => (name === output ? changed(array, change) : array));
    const result = await probeDevice('webgpu', { open, thorough: true });
    expect(result).toMatchObject({ outcome: 'differs', what: expect.stringMatching(`, ${output}$`) });
    if (result.outcome === 'differs') expect(Number(result.error.toFixed(3))).toBe(error);
  });

  it('does not look further at a device that is slow, unless it shall', async () => {
    // A clock that moves by 1 ms when it is read, and by a second with each convolution on the device.
    let time = 0;
    const now = (): number => time++;
    const open = spoiled((name, array) => {
      if (name === 'y') time += 1000;
      return array;
    });
    expect(await probeDevice('webgpu', { open, now })).toMatchObject({ outcome: 'slow' });
    const thorough = await probeDevice('webgpu', { open, now, thorough: true });
    expect(thorough).toMatchObject({ outcome: 'matches', stepMs: 1, cpuStepMs: 1 });
  });

  it('tells why a device opens no session', async () => {
    expect(await probeDevice(ABSENT)).toMatchObject({
      outcome: 'refuses',
      reason: expect.stringMatching(`does not load the model on ${ABSENT}: `),
    });
  });
});

describe('relative errors', () => {
  it('are norms of differences over norms', () => {
    const [a, b] = [float32([2], [3, 4.5]), float32([2], [3, 4])];
    expect(relativeError(a, b)).toBeCloseTo(0.1, 6);
    expect(relativeError(b, b)).toBe(0);
    const zeros = float32([2], [0, 0]);
    expect(relativeError(zeros, zeros)).toBe(0);
    expect(relativeError(b, zeros)).toBe(Number.POSITIVE_INFINITY);
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('a probe in a process of its own', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await temporaryFolder();
  });

  async function answerOf(code: string, limitSeconds = 20): ReturnType<typeof probeInChild> {
    const script = join(folder, 'script.mjs');
    await writeFile(script, code);
    return probeInChild('webgpu', { script, limitSeconds });
  }

  it('gives the answer, even where the driver crashes at the end', async () => {
    const code = `process.stdout.write(JSON.stringify({ outcome: 'slow', gflops: 1, cpuGflops: 100 }) + '\\n', () =>
      process.kill(process.pid, 'SIGSEGV'));`;
    expect(await answerOf(code)).toEqual({ outcome: 'slow', gflops: 1, cpuGflops: 100 });
  });

  it('adds to a refusal what was logged', async () => {
    const code = `console.error('\\u001b[31mCouldn\\'t load Vulkan\\u001b[m');
      console.log(JSON.stringify({ outcome: 'refuses', reason: 'No adapters' }));`;
    expect(await answerOf(code)).toEqual({
      outcome: 'refuses',
      reason: "No adapters\nCouldn't load Vulkan",
    });
  });

  it.each([
    [
      'crashes',
      "process.kill(process.pid, 'SIGSEGV'); setTimeout(() => {}, 9000);",
      20,
      'ended with SIGSEGV',
    ],
    [
      'fails',
      "console.error('out of memory'); process.exit(3);",
      20,
      'ended with exit code 3: out of memory',
    ],
    ['hangs', 'setInterval(() => {}, 1000);', 1, 'gave no answer in 1 s'],
  ])('is a refusal where it %s', async (_what, code, limit, reason) => {
    expect(await answerOf(code, limit)).toEqual({
      outcome: 'refuses',
      reason: `The process that tries the device ${reason}`,
    });
  });

  it('ends where the choice of a device is given up, and is no refusal', async () => {
    const [script, told] = [join(folder, 'hanging.mjs'), join(folder, 'pid')];
    await writeFile(
      script,
      `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(told)}, String(process.pid)); setInterval(() => {}, 1000);`,
    );
    const controller = new AbortController();
    const answer = probeInChild('webgpu', { script, signal: controller.signal });
    const pid = async (): Promise<number> => Number(await readFile(told, 'utf8').catch(() => 0));
    await expect.poll(pid, { timeout: 20_000 }).toBeGreaterThan(0);
    controller.abort(new Error('The user asked to stop'));
    await expect(answer).rejects.toThrow('The user asked to stop');
    const found = await pid();
    await expect.poll(() => isAlive(found), { timeout: 20_000 }).toBe(false);
  });
});
