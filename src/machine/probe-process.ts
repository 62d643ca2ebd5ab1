/**
 * @file What runs in the process that probes a device: `node probe-process.js DEVICE [thorough]` prints the result
 * as a line of JSON.
 */
import type { Device } from '../runtime/device.ts';
import { probeDevice } from './probe.ts';

const [device, how] = process.argv.slice(2);
const result = await probeDevice(device as Device, { thorough: how === 'thorough' });
process.stdout.write(`${JSON.stringify(result)}\n`);
