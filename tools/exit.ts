/** @file What the development tools share: numbers on the command line, and exit code 2 for a mistake of the user's. */
import { CommanderError, InvalidArgumentError } from 'commander';
import { PackmuleError } from '../src/base/errors.ts';

/** Runs a tool and sets the exit code it returns. Defects of ours keep their stack. */
export async function runTool(tool: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await tool();
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has printed what was wrong, or the help that was asked for.
      process.exitCode = error.exitCode === 0 ? 0 : 2;
    } else if (error instanceof PackmuleError) {
      process.stderr.write(
        `${[error.seen, error.need, error.fix].filter((part) => part !== '').join('\n')}\n`,
      );
      process.exitCode = 2;
    } else {
      throw error;
    }
  }
}

/** The number of an option. */
export function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('A whole number is needed.');
}
