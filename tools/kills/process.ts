/** @file One process of a run, which is killed at a moment or comes to its end. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Mark } from './trace.ts';

/** What comes before the first stage and between two. */
const CHECK = 'check';

/** When a process is to be killed. */
export interface Aim {
  /** A stage that it will work on, or CHECK for what it does before the first. */
  readonly stage: string;
  /** From the beginning of that. */
  readonly afterMs: number;
}

export interface Life {
  readonly killed: boolean;
  /** What the process told, see probe.ts. */
  readonly marks: readonly Mark[];
  /** Time that it took over each stage that it finished, and over what came before, by this machine's clock. */
  readonly ms: ReadonlyMap<string, number>;
}

/** Starts the command line of the build in `dist`. Throws where it ends with an error. */
export function live(dist: string, args: readonly string[], aim?: Aim): Promise<Life> {
  return new Promise((done, fail) => {
    const probe = join(dist, 'tools', 'kills', 'probe.js');
    const child = spawn(
      process.execPath,
      ['--import', probe, join(dist, 'src', 'cli', 'main.js'), ...args],
      // Ctrl-C is for whoever kills, who lets the run end.
      { detached: true, stdio: ['ignore', 'ignore', 'pipe', 'pipe'] },
    );
    const marks: Mark[] = [];
    const ms = new Map<string, number>();
    const errors: Buffer[] = [];
    let timer: NodeJS.Timeout | undefined;
    let begun = performance.now();
    const begins = (stage: string): void => {
      begun = performance.now();
      if (stage === aim?.stage) timer ??= setTimeout(() => child.kill('SIGKILL'), aim.afterMs);
    };
    const ends = (stage: string): void => {
      if (!ms.has(stage)) ms.set(stage, performance.now() - begun);
    };
    begins(CHECK);
    const [, , stderr, trace] = child.stdio as unknown as readonly Readable[];
    stderr!.on('data', (chunk: Buffer) => errors.push(chunk));
    onLines(trace!, (line) => {
      const mark = JSON.parse(line) as Mark;
      marks.push(mark);
      if (mark.what === 'started') {
        ends(CHECK);
        begins(mark.stage);
      } else if (mark.what === 'finished') ends(mark.stage);
    });
    child.once('error', fail);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (signal === 'SIGKILL' || code === 0) done({ killed: code !== 0, marks, ms });
      else fail(new Error(`The run ended with ${signal ?? `exit code ${code}`}: ${Buffer.concat(errors)}`));
    });
  });
}

/** Whole lines; what a kill cut off is dropped. */
function onLines(stream: Readable, onLine: (line: string) => void): void {
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (text + chunk).split('\n');
    text = lines.pop()!;
    lines.forEach(onLine);
  });
}
