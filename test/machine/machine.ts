/** @file Machines that do not exist. */
import type { Machine } from '../../src/machine/devices.ts';
import type { ProbeResult } from '../../src/machine/probe.ts';
import { DEVICES, type Device, PROVIDERS } from '../../src/runtime/device.ts';

/** A device that computes what the CPU does, `ratio` times as fast. */
export const matching = (ratio: number): ProbeResult => ({
  outcome: 'matches',
  error: 1e-6,
  gflops: 100 * ratio,
  cpuGflops: 100,
  stepMs: 30 / ratio,
  cpuStepMs: 30,
});

/** A machine whose probes end as given; devices that are not named are not in its ONNX Runtime. */
export function machineWith(
  results: Partial<Record<Device, ProbeResult>>,
  more: Partial<Machine> = {},
): Machine & { readonly probed: string[] } {
  const probed: string[] = [];
  return {
    platform: 'linux',
    arch: 'x64',
    providers: DEVICES.filter((device) => device === 'cpu' || results[device]).map((device) => ({
      name: PROVIDERS[device],
      bundled: device !== 'cuda',
    })),
    runtimeFolder: '/opt/ort',
    hasFile: () => true,
    probe: async (device, { thorough }) => {
      probed.push(thorough ? `${device} thoroughly` : device);
      return results[device] ?? matching(1);
    },
    gainsFromBytes: async () => false,
    probed,
    ...more,
  };
}

/** A device that no build of ONNX Runtime for this platform has. */
export const ABSENT: Device = process.platform === 'darwin' ? 'directml' : 'coreml';
