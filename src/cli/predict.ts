/** @file `packmule predict`. */
import { Command } from 'commander';
import { defineAction } from './action.ts';
import { addSourceOptions, runUntil, type SourceOptions } from './source.ts';

export function predictCommand(): Command {
  const command = addSourceOptions(
    new Command('predict').description(
      'predict masks with the initial network (trains it first where that is not done)',
    ),
  );
  return defineAction(
    command,
    ['packmule predict', 'packmule predict data/teeth --json'],
    (context, source: string, options: SourceOptions) => runUntil('predict', context, source, options),
  );
}
