/** @file `packmule evaluate`. */
import { Command } from 'commander';
import { defineAction } from './action.ts';
import { addSourceOptions, lookUntil, type SourceOptions, shardOption } from './source.ts';

export function evaluateCommand(): Command {
  const command = addSourceOptions(
    new Command('evaluate').description(
      'measure all masks on val and test (does earlier stages where they are not done)',
    ),
  ).addOption(shardOption());
  return defineAction(
    command,
    ['packmule evaluate', 'packmule evaluate --set evaluation.surface=true --json'],
    (context, source: string, options: SourceOptions) => lookUntil('evaluate', context, source, options),
  );
}
