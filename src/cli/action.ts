/** @file What all commands share: progress, Ctrl-C, results as text or JSON, errors as three sentences. */
import { type Command, CommanderError } from 'commander';
import { PackmuleError } from '../base/errors.ts';
import { commandLine } from '../base/text.ts';
import type { RunObserver } from '../pipeline/observer.ts';
import { INTERRUPTED_EXIT, Interrupted, listenForInterrupt } from './interrupt.ts';
import { createProgress } from './progress.ts';

export interface ActionContext {
  readonly observer: RunObserver;
  readonly signal: AbortSignal;
}

/** What a command ends with: text for people, data for scripts. */
export interface ActionResult {
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
  /** 0 by default. */
  readonly exitCode?: number;
}

/** Gives a command --json, its examples and its work. */
export function defineAction<Args extends unknown[]>(
  command: Command,
  examples: readonly string[],
  work: (context: ActionContext, ...args: Args) => Promise<ActionResult>,
): Command {
  return command
    .option('--json', 'print one JSON object at the end (progress goes to stderr)')
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ ${example}`).join('\n')}`)
    .action(async (...args: unknown[]) => {
      const progress = createProgress(process.stderr);
      const { signal, dispose } = listenForInterrupt(progress.note);
      try {
        // Commander adds the command itself as the last argument.
        const {
          text,
          json,
          exitCode = 0,
        } = await work({ observer: progress, signal }, ...(args.slice(0, -1) as Args));
        progress.end();
        process.stdout.write(`${wantsJson(process.argv) ? JSON.stringify(json) : text}\n`);
        process.exitCode = exitCode;
      } finally {
        progress.end();
        dispose();
      }
    });
}

function wantsJson(argv: readonly string[]): boolean {
  return argv.includes('--json');
}

/** Tells what went wrong and returns the exit code: 2 for a user's error, 130 when interrupted, 1 for a defect. */
export function reportFailure(error: unknown, argv: readonly string[]): number {
  if (error instanceof CommanderError) return reportUsage(error, argv);
  if (error instanceof Interrupted) {
    process.stderr.write(`Stopped; what is done is kept. Go on with: ${commandLine(argv)}\n`);
    if (wantsJson(argv)) print({ interrupted: true });
    return INTERRUPTED_EXIT;
  }
  if (error instanceof PackmuleError) {
    const { name, seen, need, fix } = error;
    if (wantsJson(argv)) print({ error: { name, seen, need, fix } });
    else process.stderr.write(`${name}: ${sentences([seen, need, fix])}\n`);
    return 2;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(
    `This is a defect of Packmule, not of your data. Please report it with this text:\n${stack}\n`,
  );
  return 1;
}

/** One a line, each with its full stop. */
function sentences(parts: readonly string[]): string {
  return parts
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => (/[.!?:]$/.test(part) ? part : `${part}.`))
    .join('\n');
}

/** Commander has printed its message already; --help and --version are no failures. */
function reportUsage(error: CommanderError, argv: readonly string[]): number {
  if (error.exitCode === 0) return 0;
  if (wantsJson(argv)) {
    const [seen = '', fix = 'See packmule --help'] = error.message.replace(/^error: /, '').split('\n');
    print({
      error: { name: 'UsageError', seen, need: 'Commands and options as packmule --help lists them', fix },
    });
  }
  return 2;
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
