/** @file `packmule doctor`, on this machine and on others, and --device. */
import { beforeAll, describe, expect, it } from 'vitest';
import { describe as describePage } from '../../src/cli/doctor.ts';
import type { Check } from '../../src/machine/checks.ts';
import type { DeviceState } from '../../src/machine/devices.ts';
import type { Device } from '../../src/runtime/device.ts';
import { ABSENT, machineWith, matching } from '../machine/machine.ts';
import { writeTinyData } from '../pipeline/tiny.ts';
import { runCli, useSharedFolder } from './program.ts';

const inFolder = useSharedFolder();
const cli = (...args: string[]): ReturnType<typeof runCli> => runCli(inFolder(), ...args);

beforeAll(() => writeTinyData(inFolder('data')));

const CHECKS: readonly Check[] = [
  { name: 'memory', state: 'ok', seen: '6.0 GB free of 8.0 GB' },
  { name: 'processor', state: 'warning', seen: '8 cores', fix: '--set threads=2' },
];

function page(
  states: readonly (readonly [Device, DeviceState])[],
  checks = CHECKS,
): ReturnType<typeof describePage> {
  return describePage(machineWith({}), new Map(states), checks);
}

describe('packmule doctor', () => {
  it('finds the CPU of this machine in order, and says what each other device needs', async () => {
    const { code, stdout, stderr } = await cli('doctor', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({ usable: true, onnxRuntime: { version: expect.stringMatching(/^\d/) } });
    expect(found.devices.map(({ device }: { device: string }) => device).sort()).toEqual([
      'coreml',
      'cpu',
      'cuda',
      'directml',
      'webgpu',
    ]);
    for (const { device, outcome, seen, fix, gflops } of found.devices) {
      if (outcome === 'matches') expect(gflops, device).toBeGreaterThan(0);
      else expect([seen, fix], device).toEqual([expect.any(String), expect.any(String)]);
    }
    expect(found.devices[0]).toMatchObject({ device: 'cpu', outcome: 'matches' });
    expect(found.checks.length).toBeGreaterThan(5);
  });

  it('prints one page for people', async () => {
    const { code, stdout } = await cli('doctor');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Packmule \d.*Node\.js.*ONNX Runtime/);
    expect(stdout).toMatch(/\n {2}ok {5}cpu +\d+(\.\d+)? GFLOP\/s/);
    expect(stdout).toMatch(/--device auto takes \w+\./);
    expect(stdout).toMatch(/ok {5}images +sharp .* PNG, JPEG, TIFF\n$/);
  });

  it('shows other machines as they are', () => {
    const { text, json, exitCode } = page([
      ['cpu', matching(1)],
      ['webgpu', { outcome: 'refuses', reason: 'libvulkan.so.1' }],
      ['coreml', { outcome: 'absent' }],
      ['cuda', matching(8)],
    ]);
    expect(text.split('\n').slice(2)).toEqual([
      'Devices',
      '  ok     cpu        100 GFLOP/s in a convolution, 30 ms for a small training step',
      '  no     webgpu     The Vulkan loader, libvulkan.so.1, is not installed.',
      '                    Fix: sudo apt install libvulkan1 mesa-vulkan-drivers',
      '  ok     cuda       800 GFLOP/s in a convolution, 3.8 ms for a small training step',
      '  coreml: not on linux x64',
      '  --device auto takes cuda.',
      '',
      'Machine',
      '  ok     memory     6.0 GB free of 8.0 GB',
      '  note   processor  8 cores',
      '                    Fix: --set threads=2',
    ]);
    expect(json).toMatchObject({ usable: true, auto: 'cuda', checks: CHECKS });
    expect(exitCode).toBeUndefined();
  });

  it('ends with exit code 2 where the CPU does not work', () => {
    const { text, json, exitCode } = page([['cpu', { outcome: 'refuses', reason: 'Illegal instruction' }]]);
    expect(exitCode).toBe(2);
    expect(json).toMatchObject({ usable: false, auto: null });
    expect(text).toContain('FAILS  cpu        cpu cannot run a small model: Illegal instruction.');
  });

  it('ends with exit code 2 where a check failed', () => {
    const full: Check = { name: 'temporary', state: 'failed', seen: 'full', fix: 'Free some space' };
    const { text, json, exitCode } = page([['cpu', matching(1)]], [...CHECKS, full]);
    expect(exitCode).toBe(2);
    expect(json).toMatchObject({ usable: true, auto: 'cpu' });
    expect(text).toContain('FAILS  temporary  full');
  });
});

describe('--device', () => {
  it('is an error where the device cannot be used, before any work', async () => {
    const { code, stdout, stderr } = await cli('run', 'data', '--device', ABSENT, '--json');
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
    expect(JSON.parse(stdout).error).toMatchObject({
      name: 'DeviceError',
      seen: expect.stringContaining(`${ABSENT} cannot be used`),
      fix: expect.stringContaining('cpu'),
    });
  });

  it.each([
    ...['run', 'train', 'predict', 'refine', 'embed', 'adapt', 'tune', 'benchmark', 'segment', 'review'],
    ...['label', 'evaluate', 'demo', 'foal train', 'foal evaluate'],
  ])('is an option of %s', async (command) => {
    const { code, stdout } = await cli(...command.split(' '), '--help');
    expect(code).toBe(0);
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      '--device <device> where networks run (default: auto) (choices: "auto", "cuda", "directml", "coreml", "webgpu", "cpu")',
    );
  });
});
