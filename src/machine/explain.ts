/** @file Why a device cannot be used, what it needs, and the one line that mends it. */
import { join } from 'node:path';
import type { Complaint } from '../base/errors.ts';
import type { Device } from '../runtime/device.ts';
import type { DeviceState, Machine } from './devices.ts';
import { PROBE_TOLERANCE } from './probe.ts';

type Place = Pick<Machine, 'platform' | 'arch' | 'runtimeFolder'>;

/** Where onnxruntime-node is built with each device. */
const BUILDS: Readonly<Record<Device, string>> = {
  cuda: 'Linux on x64',
  directml: 'Windows',
  coreml: 'macOS',
  webgpu: 'Windows, macOS and Linux on x64',
  cpu: 'Windows, macOS and Linux',
};

const USE_CPU = 'Use the device cpu';

/** The sentences about a state; undefined for a device that can be used. */
export function explainDevice(device: Device, state: DeviceState, place: Place): Complaint | undefined {
  switch (state.outcome) {
    case 'matches':
      return undefined;
    case 'absent':
      return {
        seen: `ONNX Runtime has no ${device} on ${place.platform} ${place.arch}`,
        need: `${device} comes with ONNX Runtime for ${BUILDS[device]}`,
        fix: 'Use the device cpu or auto',
      };
    case 'notInstalled': {
      const { library } = state;
      return {
        seen: `The library of ${device} is not installed`,
        need: `${library}, CUDA 12 and cuDNN 9; installing Packmule leaves the library out because it is large`,
        fix: `node ${join(place.runtimeFolder, 'script', 'install.js')} --onnxruntime-node-install=cuda12`,
      };
    }
    case 'differs':
      return {
        seen: `${device} computes other results than the CPU: ${state.what} is off by ${figure(state.error)}`,
        need: `A relative error of at most ${PROBE_TOLERANCE}`,
        fix: `${USE_CPU}, or update the graphics driver`,
      };
    case 'slow':
      return {
        seen: `${device} is emulated by software: ${figure(state.gflops)} GFLOP/s, and the CPU does ${figure(state.cpuGflops)}`,
        need: 'A graphics card with a driver of its own',
        fix: 'Install the driver of the graphics card, or use the device cpu',
      };
    case 'refuses':
      return explainRefusal(device, state.reason, place);
  }
}

/** Two digits, without an exponent for large numbers. */
export function figure(value: number): string {
  return value >= 10 ? String(Math.round(value)) : value.toPrecision(2);
}

/** A pattern in what ONNX Runtime and the drivers said, and what it means. */
interface Cause extends Complaint {
  readonly device: Device;
  readonly platform?: string;
  readonly pattern: RegExp;
}

const CAUSES: readonly Cause[] = [
  {
    device: 'webgpu',
    platform: 'linux',
    pattern: /libvulkan\.so/,
    seen: 'The Vulkan loader, libvulkan.so.1, is not installed',
    need: 'WebGPU runs on Vulkan: its loader, and the Vulkan driver of the graphics card',
    fix: 'sudo apt install libvulkan1 mesa-vulkan-drivers',
  },
  {
    device: 'webgpu',
    platform: 'linux',
    pattern: /supported adapters|WebGPU adapter/,
    seen: 'No graphics card with a Vulkan driver was found',
    need: "The card's Vulkan driver (NVIDIA's own, or mesa-vulkan-drivers); containers need NVIDIA_DRIVER_CAPABILITIES=all",
    fix: 'Install the driver of the graphics card; `vulkaninfo --summary` then lists it',
  },
  {
    device: 'webgpu',
    pattern: /supported adapters|WebGPU adapter/,
    seen: 'No graphics card was found',
    need: 'A graphics card that WebGPU can use',
    fix: 'Update the graphics driver, or use the device cpu',
  },
  {
    device: 'cuda',
    pattern: /lib(cudnn|cublas|cublasLt|cudart|curand|cufft|nvrtc)[\w.-]*: cannot open/,
    seen: 'A library of CUDA 12 or cuDNN 9 is missing',
    need: 'CUDA 12 and cuDNN 9, in a folder where the system looks for libraries',
    fix: 'Install both, and add their folder to LD_LIBRARY_PATH',
  },
  {
    device: 'cuda',
    pattern: /no CUDA-capable device|driver version is insufficient|CUDA failure/i,
    seen: 'CUDA finds no graphics card that it can use',
    need: 'An NVIDIA card and a driver for CUDA 12',
    fix: 'Install or update the NVIDIA driver; `nvidia-smi` then lists the card',
  },
];

function explainRefusal(device: Device, reason: string, { platform }: Place): Complaint {
  const cause = CAUSES.find(
    (known) =>
      known.device === device &&
      (known.platform === undefined || known.platform === platform) &&
      known.pattern.test(reason),
  );
  if (cause) return { seen: cause.seen, need: cause.need, fix: cause.fix };
  return {
    seen: `${device} cannot run a small model: ${reason.split('\n')[0]}`,
    need: 'A device whose driver runs the operators of a training step',
    fix: device === 'cpu' ? 'Install the dependencies again: npm ci' : `${USE_CPU}, or update the driver`,
  };
}
