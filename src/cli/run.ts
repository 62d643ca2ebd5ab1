/** @file `packmule run`. */
import { Command } from 'commander';
import { defineAction } from './action.ts';
import { addSourceOptions, runUntil, type SourceOptions } from './source.ts';

export function runCommand(): Command {
  const command = addSourceOptions(
    new Command('run').description('do the whole run: train, predict, refine, train again, evaluate, report'),
  );
  return defineAction(
    command,
    [
      'packmule run data/teeth',
      'packmule run packmule.yaml --set training.minutes=5 --name quick',
      'packmule run data/teeth --preset paper --set sam.checkpoint=sam_vit_h.pth',
    ],
    (context, source: string, options: SourceOptions) => runUntil('report', context, source, options),
  );
}
