/** @file Which device is taken, and what is said about it. */
import { describe, expect, it } from 'vitest';
import { DeviceError } from '../../src/base/errors.ts';
import { bestDevice, chooseCompute, chooseDevice } from '../../src/machine/choose.ts';
import { examineDevice } from '../../src/machine/devices.ts';
import type { ProbeResult } from '../../src/machine/probe.ts';
import type { Device } from '../../src/runtime/device.ts';
import { machineWith, matching } from './machine.ts';

const differs: ProbeResult = { outcome: 'differs', error: 0.4, what: 'training step, loss' };
const slow: ProbeResult = { outcome: 'slow', gflops: 0.3, cpuGflops: 150 };
const refuses: ProbeResult = { outcome: 'refuses', reason: 'no adapter' };

describe('auto', () => {
  it.each([
    ['nothing but the CPU', {}, 'cpu'],
    ['the best one that is faster', { cuda: matching(9), webgpu: matching(3) }, 'cuda'],
    ['the next where the best refuses', { cuda: refuses, webgpu: matching(3) }, 'webgpu'],
    ['the next where the best computes something else', { coreml: differs, webgpu: matching(2) }, 'webgpu'],
    ['the CPU where it is faster', { webgpu: matching(0.5) }, 'cpu'],
    ['the CPU where the graphics card is emulated', { webgpu: slow }, 'cpu'],
    ['the CPU where nothing matches', { directml: differs, webgpu: differs }, 'cpu'],
  ] as const)('takes %s', async (_what, results, expected) => {
    const machine = machineWith(results);
    expect((await chooseDevice('auto', { machine })).device).toBe(expected);
    const states = new Map(
      await Promise.all(
        (['cpu', 'webgpu', 'coreml', 'directml', 'cuda'] as const).map(
          async (device) => [device, await examineDevice(device, machine, { thorough: false })] as const,
        ),
      ),
    );
    expect(bestDevice(states)).toBe(expected);
  });

  it('says what it took and what it passed over, but nothing of what is not there', async () => {
    const machine = machineWith({ cuda: refuses, coreml: differs, webgpu: matching(2.5) });
    expect((await chooseDevice('auto', { machine })).notes).toEqual([
      'coreml computes other results than the CPU: it is not used.',
      'Computing on webgpu: a small training step takes 12 ms there, 2.5 times the speed of the CPU.',
    ]);
    expect((await chooseDevice('auto', { machine: machineWith({ webgpu: slow }) })).notes).toEqual([
      'webgpu is emulated by software and slower than the CPU: it is not used.',
    ]);
    expect((await chooseDevice('auto', { machine: machineWith({ webgpu: matching(0.5) }) })).notes).toEqual([
      'webgpu can be used, but is not faster than the CPU here; take it with --device webgpu.',
    ]);
    expect((await chooseDevice('auto', { machine: machineWith({ cuda: refuses }) })).notes).toEqual([]);
  });

  it('keeps to the device of earlier work, even where it is the slower one today', async () => {
    const machine = machineWith({ cuda: matching(9), webgpu: matching(0.9) });
    expect((await chooseDevice('auto', { machine, before: 'webgpu' })).device).toBe('webgpu');
    expect(machine.probed).toEqual(['webgpu']);
    expect((await chooseDevice('auto', { machine, before: 'cpu' })).device).toBe('cpu');
    expect(machine.probed).toEqual(['webgpu']);
    const without = machineWith({ webgpu: matching(2) });
    expect((await chooseDevice('auto', { machine: without, before: 'cuda' })).device).toBe('webgpu');
  });
});

it('the choice is given up with the reason of its signal', async () => {
  const signal = AbortSignal.abort(new Error('The user asked to stop'));
  const machine = machineWith(
    { webgpu: matching(3) },
    { probe: async (_device, how) => Promise.reject(how.signal?.reason) },
  );
  for (const setting of ['auto', 'webgpu'] as const)
    await expect(chooseDevice(setting, { machine, signal })).rejects.toThrow('The user asked to stop');
});

describe('a named device', () => {
  it('is tried thoroughly and taken, however slow', async () => {
    const machine = machineWith({ webgpu: matching(0.01), cuda: matching(9) });
    expect((await chooseDevice('webgpu', { machine })).device).toBe('webgpu');
    expect(machine.probed).toEqual(['webgpu thoroughly']);
  });

  it('is not tried where it is the CPU', async () => {
    const machine = machineWith({ webgpu: matching(3) });
    expect(await chooseDevice('cpu', { machine })).toEqual({ device: 'cpu', notes: [] });
    expect(machine.probed).toEqual([]);
  });

  it.each<[string, Device, Partial<Record<Device, ProbeResult>>, string, string, string]>([
    ['absent', 'coreml', {}, 'has no coreml on linux x64', 'macOS', 'cpu or auto'],
    [
      'refused',
      'webgpu',
      { webgpu: refuses },
      'cannot run a small model: no adapter',
      'driver',
      'device cpu',
    ],
    ['wrong', 'webgpu', { webgpu: differs }, 'training step, loss is off by 0.40', '0.01', 'device cpu'],
  ])('that is %s is an error, and nothing else is taken', async (_what, device, results, seen, need, fix) => {
    const machine = machineWith({ cuda: matching(9), ...results });
    const error = await chooseDevice(device, { machine }).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(DeviceError);
    expect(error).toMatchObject({
      seen: expect.stringContaining(`The device ${device} cannot be used: `),
      need: expect.stringContaining(need),
      fix: expect.stringContaining(fix),
    });
    expect((error as DeviceError).seen).toContain(seen);
  });

  it('whose library is not installed is an error with the line that installs it', async () => {
    const machine = machineWith({ cuda: matching(9) }, { hasFile: () => false });
    await expect(chooseDevice('cuda', { machine })).rejects.toMatchObject({
      need: expect.stringContaining('/opt/ort/bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so'),
      fix: 'node /opt/ort/script/install.js --onnxruntime-node-install=cuda12',
    });
    expect(machine.probed).toEqual([]);
  });
});

describe('for sessions', () => {
  it('only auto may fall back', async () => {
    const machine = machineWith({ webgpu: matching(3) });
    const notes: string[] = [];
    const note = (text: string): number => notes.push(text);
    expect(await chooseCompute('webgpu', note, { machine })).toEqual({ device: 'webgpu' });
    expect(await chooseCompute('cpu', note, { machine })).toEqual({ device: 'cpu' });
    const { device, onFallback } = await chooseCompute('auto', note, { machine });
    expect(device).toBe('webgpu');
    onFallback?.('It does not fit.');
    expect(notes.at(-1)).toBe('It does not fit. It runs on the CPU instead.');
  });
});
