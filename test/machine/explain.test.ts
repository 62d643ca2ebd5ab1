/** @file What refused devices need, from what ONNX Runtime and the drivers said. */
import { describe, expect, it } from 'vitest';
import { explainDevice, figure } from '../../src/machine/explain.ts';
import { matching } from './machine.ts';

const linux = { platform: 'linux', arch: 'x64', runtimeFolder: '/opt/ort' };
const windows = { ...linux, platform: 'win32' };

describe('a refusal', () => {
  it.each([
    [
      'webgpu',
      linux,
      "Failed to get a WebGPU adapter: No supported adapters\nWarning: Couldn't load Vulkan: libvulkan.so.1: cannot open shared object file",
      'Vulkan loader',
      'sudo apt install libvulkan1 mesa-vulkan-drivers',
    ],
    ['webgpu', linux, 'Failed to get a WebGPU adapter: No supported adapters', 'Vulkan driver', 'vulkaninfo'],
    ['webgpu', windows, 'Failed to get a WebGPU adapter.', 'No graphics card', 'Update the graphics driver'],
    [
      'cuda',
      linux,
      'Failed to load library with error: libcudnn.so.9: cannot open shared object file: No such file or directory',
      'cuDNN 9 is missing',
      'LD_LIBRARY_PATH',
    ],
    [
      'cuda',
      linux,
      'CUDA failure 100: no CUDA-capable device is detected ; GPU=-1',
      'no graphics card',
      'nvidia-smi',
    ],
    ['directml', windows, 'Catastrophic failure', 'Catastrophic failure', 'device cpu'],
    ['cpu', linux, 'Illegal instruction', 'Illegal instruction', 'npm ci'],
  ] as const)('of %s on %o: %s', (device, place, reason, seen, fix) => {
    const complaint = explainDevice(device, { outcome: 'refuses', reason }, place);
    expect(complaint?.seen).toContain(seen);
    expect(complaint?.fix).toContain(fix);
    expect(complaint?.seen).not.toContain('\n');
  });
});

it('finds nothing to say about a device that can be used', () => {
  expect(explainDevice('cuda', matching(3), linux)).toBeUndefined();
});

it('writes figures with two digits', () => {
  expect([0.0123, 1.25, 9.94, 12.4, 161].map(figure)).toEqual(['0.012', '1.3', '9.9', '12', '161']);
});
