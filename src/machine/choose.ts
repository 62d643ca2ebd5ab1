/** @file Which device a run computes on. */
import { DeviceError } from '../base/errors.ts';
import { DEVICES, type Device } from '../runtime/device.ts';
import type { ComputeOptions } from '../runtime/session.ts';
import { type DeviceState, examineDevice, type Machine, thisMachine } from './devices.ts';
import { explainDevice, figure } from './explain.ts';

/** What a user may ask for. */
export const DEVICE_SETTINGS = ['auto', ...DEVICES] as const;
export type DeviceSetting = (typeof DEVICE_SETTINGS)[number];

export interface DeviceChoice {
  readonly device: Device;
  /** Sentences for the user: what was taken, and what was there and not taken. None for a CPU without rivals. */
  readonly notes: readonly string[];
}

export interface ChooseOptions {
  /** The device that earlier work of the same run was done on: auto keeps to it while it can be used. */
  readonly before?: Device;
  readonly machine?: Machine;
  /** Ends the trying of a device, which may take minutes. */
  readonly signal?: AbortSignal;
}

/**
 * A named device if it can be used, else an error. `auto` is the best one that computes what the CPU does and is
 * faster at a training step, else the CPU.
 * @throws DeviceError for a named device that cannot be used; the signal's reason.
 */
export async function chooseDevice(
  setting: DeviceSetting,
  { before, machine = thisMachine(), signal }: ChooseOptions = {},
): Promise<DeviceChoice> {
  if (setting === 'cpu') return { device: 'cpu', notes: [] };
  if (setting !== 'auto') return named(setting, machine, signal);
  if (before === 'cpu') return { device: 'cpu', notes: [] };
  const notes: string[] = [];
  const order = before === undefined ? DEVICES : [before, ...DEVICES.filter((device) => device !== before)];
  for (const device of order) {
    if (device === 'cpu') break;
    const state = await examineDevice(device, machine, { thorough: false, ...(signal && { signal }) });
    if (isFaster(state) || (device === before && state.outcome === 'matches')) {
      return { device, notes: [...notes, `Computing on ${device}${speed(state)}.`] };
    }
    notes.push(...passedOver(device, state));
  }
  return { device: 'cpu', notes };
}

/** What sessions take, with the device that was chosen. */
export interface Compute extends ComputeOptions {
  readonly device: Device;
}

/**
 * As chooseDevice, in the form that sessions take. `note` is told what was chosen and, under auto, of every model
 * that the device does not open, which then runs on the CPU.
 */
export async function chooseCompute(
  setting: DeviceSetting,
  note: (text: string) => void,
  options: ChooseOptions = {},
): Promise<Compute> {
  const { device, notes } = await chooseDevice(setting, options);
  for (const text of notes) note(text);
  if (setting !== 'auto' || device === 'cpu') return { device };
  return { device, onFallback: (reason) => note(`${reason} It runs on the CPU instead.`) };
}

/** The device that auto takes where these are the states. */
export function bestDevice(states: ReadonlyMap<Device, DeviceState>): Device {
  return DEVICES.find((device) => device === 'cpu' || isFaster(states.get(device))) ?? 'cpu';
}

async function named(
  device: Device,
  machine: Machine,
  signal: AbortSignal | undefined,
): Promise<DeviceChoice> {
  const state = await examineDevice(device, machine, { thorough: true, ...(signal && { signal }) });
  const complaint = explainDevice(device, state, machine);
  if (complaint)
    throw new DeviceError({ ...complaint, seen: `The device ${device} cannot be used: ${complaint.seen}` });
  return { device, notes: [`Computing on ${device}${speed(state)}.`] };
}

function isFaster(state: DeviceState | undefined): boolean {
  return state?.outcome === 'matches' && state.stepMs < state.cpuStepMs;
}

function speed(state: DeviceState): string {
  if (state.outcome !== 'matches') return '';
  const ratio = figure(state.cpuStepMs / state.stepMs);
  return `: a small training step takes ${figure(state.stepMs)} ms there, ${ratio} times the speed of the CPU`;
}

/** A device that is there, but is not taken, is worth a word; one that is not there is not. */
function passedOver(device: Device, state: DeviceState): string[] {
  switch (state.outcome) {
    case 'matches':
      return [`${device} can be used, but is not faster than the CPU here; take it with --device ${device}.`];
    case 'slow':
      return [`${device} is emulated by software and slower than the CPU: it is not used.`];
    case 'differs':
      return [`${device} computes other results than the CPU: it is not used.`];
    default:
      return [];
  }
}
