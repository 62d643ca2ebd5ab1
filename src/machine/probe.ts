/** @file Whether a device computes what the CPU does, and how fast: small models are run on both. */
import { PackmuleError } from '../base/errors.ts';
import type { Device } from '../runtime/device.ts';
import { type Feeds, openSession, type Session } from '../runtime/session.ts';
import type { NdArray } from '../tensor/array.ts';
import { type ProbeModel, speedProbe, trainingProbe, transformerProbe } from './probe-models.ts';

/** What a probe of a device saw. Plain JSON. */
export type ProbeResult =
  /** It computes what the CPU does; `error` is the largest relative error. */
  | ({ readonly outcome: 'matches'; readonly error: number } & ProbeSpeed)
  /** It runs, but its results are others: `what` names the model and its output. */
  | { readonly outcome: 'differs'; readonly error: number; readonly what: string }
  /** It is so much slower than the CPU that its results were not looked at: a graphics card emulated in software. */
  | { readonly outcome: 'slow'; readonly gflops: number; readonly cpuGflops: number }
  /** It opens no session or cannot run one, or the process that tried it died or never answered. */
  | { readonly outcome: 'refuses'; readonly reason: string };

interface ProbeSpeed {
  /** Of a 3 x 3 convolution with the transfer of its input and output, in 10^9 operations a second. */
  readonly gflops: number;
  readonly cpuGflops: number;
  /** Milliseconds of the small training step. */
  readonly stepMs: number;
  readonly cpuStepMs: number;
}

export interface ProbeOptions {
  /** Look at the results of a device that is much slower than the CPU, too: that may take a minute. */
  readonly thorough?: boolean;
  readonly open?: typeof openSession;
  /** The clock, ms. */
  readonly now?: () => number;
}

/**
 * Largest relative error (L2 norm of the difference over that of the CPU's) of any output. Float32 in another order
 * gives 1e-6, products rounded to 10 bits (TF32) 1e-3; a wrong operator gives something near 1.
 */
export const PROBE_TOLERANCE = 0.01;

/** Share of the CPU's speed below which a device is not looked at further. */
const SLOW = 0.1;

/** Runs are timed until so many are done or so much time is over. */
const TIMED_RUNS = 5;
const TIMED_MS = 300;

/** Tries a device. The CPU is compared with itself on one thread. */
export async function probeDevice(
  device: Device,
  { thorough = false, open = openSession, now = () => performance.now() }: ProbeOptions = {},
): Promise<ProbeResult> {
  try {
    const { operations, ...convolution } = speedProbe();
    const [ms, cpuMs] = await timeBoth(device, convolution, { open, now });
    const [gflops, cpuGflops] = [operations / ms / 1e6, operations / cpuMs / 1e6];
    if (gflops < SLOW * cpuGflops && !thorough) return { outcome: 'slow', gflops, cpuGflops };

    const training = trainingProbe();
    let worst = 0;
    for (const probe of [transformerProbe(), training]) {
      const expected = await runOnce(probe, await open(probe.model, { threads: 1 }));
      const results = await runOnce(probe, await open(probe.model, { device }));
      for (const [name, array] of Object.entries(expected)) {
        const error = relativeError(results[name]!, array);
        // Written so that NaN counts as wrong.
        if (!(error <= PROBE_TOLERANCE)) return { outcome: 'differs', error, what: `${probe.name}, ${name}` };
        worst = Math.max(worst, error);
      }
    }
    const [stepMs, cpuStepMs] = await timeBoth(device, training, { open, now });
    return { outcome: 'matches', error: worst, gflops, cpuGflops, stepMs, cpuStepMs };
  } catch (error) {
    if (error instanceof PackmuleError) return { outcome: 'refuses', reason: error.seen };
    throw error;
  }
}

/** Milliseconds of a run on the device and on all threads of the CPU. */
async function timeBoth(
  device: Device,
  { model, feeds }: ProbeModel,
  { open, now }: Required<Pick<ProbeOptions, 'open' | 'now'>>,
): Promise<[ms: number, cpuMs: number]> {
  const time = async (on: Device): Promise<number> => {
    const session = await open(model, { device: on });
    return timeRuns(session, feeds, now).finally(() => session.close());
  };
  const ms = await time(device);
  return [ms, device === 'cpu' ? ms : await time('cpu')];
}

function runOnce({ feeds }: ProbeModel, session: Session): Promise<Record<string, NdArray>> {
  return session.run(feeds).finally(() => session.close());
}

/** Milliseconds of the fastest run; the first one is not counted, as it also prepares. */
async function timeRuns(session: Session, feeds: Feeds, now: () => number): Promise<number> {
  await session.run(feeds);
  const start = now();
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < TIMED_RUNS && (run === 0 || now() - start < TIMED_MS); run++) {
    const before = now();
    await session.run(feeds);
    best = Math.min(best, now() - before);
  }
  return best;
}

/** ||a - b|| / ||b||; 0 where both are zero. */
export function relativeError(a: NdArray, b: NdArray): number {
  let [difference, size] = [0, 0];
  for (let i = 0; i < b.data.length; i++) {
    const [x, y] = [Number(a.data[i]), Number(b.data[i])];
    difference += (x - y) ** 2;
    size += y * y;
  }
  return difference === 0 ? 0 : Math.sqrt(difference / size);
}
