/** @file What this machine has to compute on, and in which state each device is. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { dependencyFolder } from '../base/version.ts';
import { type Device, PROVIDERS } from '../runtime/device.ts';
import { listProviders } from '../runtime/session.ts';
import type { ProbeResult } from './probe.ts';
import { probeInChild } from './probe-child.ts';
import { gainsFromBytes } from './processor.ts';

/** What the choice of a device, and of the numbers to multiply there, looks at. */
export interface Machine {
  readonly platform: string;
  readonly arch: string;
  /** Providers that ONNX Runtime was built with, by its own names. */
  readonly providers: readonly { readonly name: string; readonly bundled: boolean }[];
  /** Folder of the package onnxruntime-node, absolute. */
  readonly runtimeFolder: string;
  /** Whether a file is there. */
  readonly hasFile: (path: string) => boolean;
  readonly probe: (device: Device, how: Examination) => Promise<ProbeResult>;
  /** Whether the processor multiplies bytes exactly, and faster than float32. */
  readonly gainsFromBytes: () => Promise<boolean>;
}

/** How a device is tried. */
export interface Examination {
  readonly thorough: boolean;
  readonly signal?: AbortSignal;
}

export type DeviceState =
  | ProbeResult
  /** ONNX Runtime was built without it. */
  | { readonly outcome: 'absent' }
  /** ONNX Runtime knows it, but its library is a download of its own: the missing file. */
  | { readonly outcome: 'notInstalled'; readonly library: string };

/** The machine this runs on. */
export function thisMachine(): Machine {
  return {
    platform: process.platform,
    arch: process.arch,
    providers: listProviders(),
    runtimeFolder: dependencyFolder('onnxruntime-node'),
    hasFile: existsSync,
    probe: probeInChild,
    gainsFromBytes,
  };
}

/** Tries a device; what cannot work is known without trying. @throws the signal's reason. */
export async function examineDevice(
  device: Device,
  machine: Machine,
  how: Examination,
): Promise<DeviceState> {
  const provider = machine.providers.find(({ name }) => name === PROVIDERS[device]);
  if (provider === undefined) return { outcome: 'absent' };
  const library = join(
    machine.runtimeFolder,
    ...['bin', 'napi-v6', machine.platform, machine.arch],
    `libonnxruntime_providers_${provider.name}.so`,
  );
  if (!provider.bundled && !machine.hasFile(library)) return { outcome: 'notInstalled', library };
  return machine.probe(device, how);
}
