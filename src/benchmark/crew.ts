/** @file Who does the works of a benchmark: this process, or several of its own that are told what to do. */
import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { PackmuleError, RunError, TrainingError } from '../base/errors.ts';
import { asNode } from '../base/node-process.ts';
import type { RunObserver } from '../pipeline/observer.ts';
import type { RunContext } from '../pipeline/stage.ts';
import type { ComputeOptions } from '../runtime/session.ts';
import type { Answer, Order } from './crew-member.ts';
import { doWork } from './make.ts';
import type { Setup } from './setup.ts';
import type { Work } from './work.ts';

export interface Crew {
  /** How many works it does at once. */
  readonly size: number;
  /** Does a work, or the rest of it; seconds that it took. @throws as doWork. */
  perform(work: Work, observer: RunObserver, signal: AbortSignal): Promise<number>;
  close(): void;
}

/** Memory of one work, in bytes: a training, or the encoder of a small promptable model. */
const MEMORY_PER_JOB = 2e9;

/** How many works this machine can do at once: one on a graphics card, else as many as have cores and memory. */
export function fittingJobs(
  { threads = 1, device = 'cpu' }: ComputeOptions,
  machine = { cores: availableParallelism(), memory: totalmem() },
): number {
  if (device !== 'cpu') return 1;
  const byCores = Math.floor(machine.cores / threads);
  return Math.max(1, Math.min(byCores, Math.floor(machine.memory / MEMORY_PER_JOB)));
}

export function openCrew(size: number, context: RunContext, setup: Setup): Crew {
  return size === 1 ? aloneCrew(context, setup) : processCrew(size, context, setup);
}

function aloneCrew(context: RunContext, setup: Setup): Crew {
  return {
    size: 1,
    perform: (work, observer, signal) => doWork({ ...context, observer, signal }, setup, work),
    close: () => undefined,
  };
}

/**
 * Processes that end with this one. They are given the setup, in which no label of val and test is, and one work
 * after the other, up to one that fails or is stopped; which work that is, this process alone decides.
 */
function processCrew(size: number, { run, observer }: RunContext, setup: Setup): Crew {
  const idle: ChildProcess[] = [];
  const all = new Set<ChildProcess>();
  const begin = (): ChildProcess => {
    const child = fork(fileURLToPath(new URL('./crew-process.js', import.meta.url)), {
      ...asNode(),
      serialization: 'advanced',
    });
    all.add(child);
    const { onFallback, ...compute } = setup.compute;
    send(child, {
      kind: 'open',
      folder: run.root,
      setup: { ...setup, compute },
      fallsBack: onFallback !== undefined,
    });
    return child;
  };
  return {
    size,
    perform: async (work, own, signal) => {
      const child = idle.pop() ?? begin();
      try {
        const seconds = await ask(child, work, { ...own, note: observer.note }, signal);
        idle.push(child);
        return seconds;
      } catch (error) {
        all.delete(child);
        child.kill('SIGKILL');
        throw error;
      }
    },
    close: () => {
      for (const child of all) child.kill('SIGKILL');
    },
  };
}

const send = (child: ChildProcess, order: Order): void => {
  child.send(order);
};

/** Has a process do a work. @throws what the work throws, the signal's reason, or RunError where the process ends. */
function ask(child: ChildProcess, work: Work, observer: RunObserver, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      signal.removeEventListener('abort', stop);
      child.removeAllListeners();
    };
    const stop = (): void => send(child, { kind: 'stop' });
    signal.addEventListener('abort', stop);
    child.on('message', (answer: Answer) => {
      switch (answer.kind) {
        case 'progress':
          observer.progress(answer.fraction, answer.detail, answer.secondsLeft);
          return;
        case 'note':
          observer.note(answer.text);
          return;
        case 'done':
          end();
          resolve(answer.seconds);
          return;
        case 'stopped':
          end();
          reject(signal.reason);
          return;
        case 'failed':
          end();
          reject(errorOf(answer));
      }
    });
    child.once('error', (cause) => {
      end();
      reject(cause);
    });
    child.once('exit', (code, name) => {
      end();
      reject(endedAlone(name ?? `exit code ${code}`));
    });
    send(child, { kind: 'do', work });
    if (signal.aborted) stop();
  });
}

function endedAlone(ending: string): RunError {
  return new RunError({
    seen: `A process of the benchmark ended with ${ending} in the middle of its work`,
    need: 'Processes that end when they are told to; one that takes more memory than there is is ended by the system',
    fix: 'Start the same command again, with fewer --jobs: done work is kept',
  });
}

function errorOf({ error }: Extract<Answer, { kind: 'failed' }>): Error {
  if ('stack' in error) return Object.assign(new Error(error.message), { stack: error.stack });
  const { name, ...complaint } = error;
  if (name === 'TrainingError') return new TrainingError(complaint);
  return Object.assign(new PackmuleError(complaint), { name });
}
