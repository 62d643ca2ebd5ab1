/** @file `packmule train`. */
import { Command } from 'commander';
import { defineAction } from './action.ts';
import { addSourceOptions, runUntil, type SourceOptions } from './source.ts';

export function trainCommand(): Command {
  const command = addSourceOptions(
    new Command('train').description('train the initial network, or with --final the final one'),
  ).option('--final', 'train the final network (does earlier stages where they are not done)');
  return defineAction(
    command,
    ['packmule train data/teeth', 'packmule train --set training.epochs=50', 'packmule train --final'],
    (context, source: string, options: SourceOptions & { final?: boolean }) =>
      runUntil(options.final === true ? 'final' : 'initial', context, source, options),
  );
}
