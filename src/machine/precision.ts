/** @file In which numbers a promptable model multiplies: bytes, where this machine gains from them, or float32. */
import type { Device } from '../runtime/device.ts';
import { PRECISIONS, type Precision } from '../sam/predictor.ts';
import { type Machine, thisMachine } from './devices.ts';

/** What a user may ask for. */
export const PRECISION_SETTINGS = ['auto', ...PRECISIONS] as const;
export type PrecisionSetting = (typeof PRECISION_SETTINGS)[number];

export interface PrecisionChoice {
  readonly precision: Precision;
  /** For the user: that masks are not those of float32, or that earlier ones were not. */
  readonly note?: string;
}

/**
 * A named precision as it is. `auto` is that of earlier work of the same run where it can be had here, so that masks
 * which belong together are of one kind; else int8 on a CPU that gains from it, and float32 elsewhere.
 */
export async function choosePrecision(
  setting: PrecisionSetting,
  device: Device,
  { before, machine = thisMachine() }: { readonly before?: Precision; readonly machine?: Machine } = {},
): Promise<PrecisionChoice> {
  if (setting !== 'auto') return { precision: setting };
  if (before === 'float32') return { precision: before };
  if (device === 'cpu' && (await machine.gainsFromBytes())) {
    return {
      precision: 'int8',
      note: 'The promptable model multiplies 8-bit numbers, which take little more than half the time on this processor; --set sam.precision=float32 multiplies exactly.',
    };
  }
  if (before === undefined) return { precision: 'float32' };
  const why = device === 'cpu' ? 'This processor gains nothing from them' : `They are not for ${device}`;
  return {
    precision: 'float32',
    note: `The promptable model multiplied 8-bit numbers in this run so far. ${why}, so that masks are refined again in float32.`,
  };
}
