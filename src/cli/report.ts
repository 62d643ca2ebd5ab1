/** @file `packmule report`. */
import { Command } from 'commander';
import { defineAction } from './action.ts';
import { addSourceOptions, lookUntil, type SourceOptions } from './source.ts';

export function reportCommand(): Command {
  const command = addSourceOptions(
    new Command('report').description(
      'write report.html (does earlier stages where they are not done; a run of other settings is not done anew)',
    ),
  );
  return defineAction(
    command,
    ['packmule report', 'packmule report --set report.cases=20'],
    (context, source: string, options: SourceOptions) => lookUntil('report', context, source, options),
  );
}
