/** @file How the development tools end: exit code 2 and sentences on standard error for a mistake of the user's. */
import { CommanderError } from 'commander';
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
