/** @file Runs that were started from the page: each is a process of its own, the same that a terminal would start. */
import { type ChildProcess, spawn } from 'node:child_process';
import { asNode } from '../base/node-process.ts';

/** Of what a process says last, characters. */
const KEPT_TEXT = 8000;

/** The exit code of a process that was asked to end. */
const INTERRUPTED = 130;

/**
 * The message that asks a process to save its work and end, as Ctrl-C does: Windows knows no signal for that, and ends
 * whoever it is sent to.
 */
export const STOP = 'stop';

/** How the processes are started: Node.js and the program of the command line. */
export interface Program {
  readonly main: string;
}

export interface Children {
  /** Starts `packmule` with these arguments; `run` is the folder of the run that it does. */
  start(run: string, args: readonly string[], cwd: string): void;
  /** Whether a process that was started here does this run. */
  works(run: string): boolean;
  /** What the process said last where it ended with an error; undefined where it did not. */
  failure(run: string): string | undefined;
  /** Has it save its work and end. */
  stop(run: string): void;
  /** Stops all and waits for them. */
  close(): Promise<void>;
}

interface Child {
  readonly process: ChildProcess;
  readonly ended: Promise<void>;
  said: string;
  /** Absent while it works. */
  code?: number;
}

export function createChildren({ main }: Program): Children {
  const children = new Map<string, Child>();
  const isWorking = (child: Child | undefined): child is Child =>
    child !== undefined && child.code === undefined;
  const stop = (child: Child): void => {
    // One that has ended in between needs no message.
    child.process.send(STOP, () => undefined);
  };
  return {
    start: (run, args, cwd) => {
      // Apart from the group of the terminal, whose Ctrl-C would reach it a second time, which is to stop at once.
      const started = spawn(process.execPath, [main, ...args], {
        ...asNode(),
        cwd,
        // A channel for STOP. Where this process is killed, it closes, and the run goes on.
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
        detached: true,
      });
      const child: Child = {
        process: started,
        said: '',
        ended: new Promise((done) => {
          started.on('close', (code, killedBy) => {
            child.code = code ?? 1;
            if (code === null) child.said += `\nThe process was ended by ${killedBy}.`;
            done();
          });
        }),
      };
      started.stderr!.on('data', (chunk: Buffer) => {
        child.said = (child.said + chunk.toString()).slice(-KEPT_TEXT);
      });
      started.on('error', (error) => {
        child.said = error.message;
      });
      children.set(run, child);
    },
    works: (run) => isWorking(children.get(run)),
    failure: (run) => {
      const child = children.get(run);
      const isFailure = child?.code !== undefined && child.code !== 0 && child.code !== INTERRUPTED;
      return isFailure ? child.said.trim().split('\n').slice(-6).join('\n') : undefined;
    },
    stop: (run) => {
      const child = children.get(run);
      if (isWorking(child)) stop(child);
    },
    close: async () => {
      const working = [...children.values()].filter(isWorking);
      for (const child of working) stop(child);
      await Promise.all(working.map(({ ended }) => ended));
    },
  };
}
