/** @file `packmule doctor`: what of this machine can be used, what cannot and why, and the line that mends it. */
import { Command } from 'commander';
import { dependencyVersion, PACKMULE_VERSION } from '../base/version.ts';
import { type Check, checkMachine, checkNetwork } from '../machine/checks.ts';
import { bestDevice } from '../machine/choose.ts';
import { type DeviceState, examineDevice, type Machine, thisMachine } from '../machine/devices.ts';
import { explainDevice, figure } from '../machine/explain.ts';
import { DEVICES, type Device } from '../runtime/device.ts';
import { type ActionContext, type ActionResult, defineAction } from './action.ts';

interface DoctorOptions {
  readonly runs: string;
  readonly network?: boolean;
}

export function doctorCommand(): Command {
  const command = new Command('doctor')
    .description('say what of this machine can be used, what cannot, and the line that mends it')
    .option('--runs <folder>', 'folder of all runs', 'runs')
    .option('--network', 'also try where checkpoints and the library of cuda come from');
  return defineAction(command, ['packmule doctor', 'packmule doctor --json'], doctor);
}

async function doctor({ signal }: ActionContext, { runs, network }: DoctorOptions): Promise<ActionResult> {
  const machine = thisMachine();
  const states = new Map<Device, DeviceState>();
  // One after the other: at the same time each would slow the others down.
  for (const device of [...DEVICES].reverse()) {
    states.set(device, await examineDevice(device, machine, { thorough: false, signal }));
  }
  const checks = [...(await checkMachine(runs)), ...(network === true ? await checkNetwork() : [])];
  return describe(machine, states, checks);
}

/** Exported for tests: the page of any machine. */
export function describe(
  machine: Machine,
  states: ReadonlyMap<Device, DeviceState>,
  checks: readonly Check[],
): ActionResult {
  const { platform, arch } = machine;
  const runtime = dependencyVersion('onnxruntime-node');
  const best = bestDevice(states);
  const works = states.get('cpu')?.outcome === 'matches';
  const absent = [...states].flatMap(([device, { outcome }]) => (outcome === 'absent' ? [device] : []));
  const text = [
    `Packmule ${PACKMULE_VERSION}, Node.js ${process.versions.node}, ONNX Runtime ${runtime}, ${platform} ${arch}`,
    '',
    'Devices',
    ...[...states].flatMap(([device, state]) => deviceLines(device, state, machine)),
    ...(absent.length === 0 ? [] : [`  ${absent.join(', ')}: not on ${platform} ${arch}`]),
    works ? `  --device auto takes ${best}.` : '  Nothing can be used.',
    '',
    'Machine',
    ...checks.flatMap(checkLines),
  ].join('\n');
  return {
    text,
    json: {
      packmule: PACKMULE_VERSION,
      node: process.versions.node,
      onnxRuntime: { version: runtime, providers: machine.providers },
      platform,
      arch,
      usable: works,
      auto: works ? best : null,
      devices: [...states].map(([device, state]) => ({
        device,
        ...state,
        ...explainDevice(device, state, machine),
      })),
      checks,
    },
    ...((!works || checks.some(({ state }) => state === 'failed')) && { exitCode: 2 }),
  };
}

const MARK = { ok: 'ok', warning: 'note', failed: 'FAILS' };
const line = (mark: string, name: string, text: string): string =>
  `  ${mark.padEnd(6)} ${name.padEnd(10)} ${text}`;

function deviceLines(device: Device, state: DeviceState, machine: Machine): string[] {
  if (state.outcome === 'absent') return [];
  if (state.outcome === 'matches') {
    const speed = `${figure(state.gflops)} GFLOP/s in a convolution, ${figure(state.stepMs)} ms for a small training step`;
    return [line(MARK.ok, device, speed)];
  }
  const { seen, fix } = explainDevice(device, state, machine)!;
  return [line(device === 'cpu' ? MARK.failed : 'no', device, `${seen}.`), line('', '', `Fix: ${fix}`)];
}

function checkLines({ name, state, seen, fix }: Check): string[] {
  return [line(MARK[state], name, seen), ...(fix === undefined ? [] : [line('', '', `Fix: ${fix}`)])];
}
