/** @file `packmule refine`. */
import { Command } from 'commander';
import { defineAction } from './action.ts';
import { addSourceOptions, runUntil, type SourceOptions, shardOption } from './source.ts';

export function refineCommand(): Command {
  const command = addSourceOptions(
    new Command('refine').description(
      'refine the predicted masks and judge them (does earlier stages where they are not done)',
    ),
  ).addOption(shardOption());
  return defineAction(
    command,
    [
      'packmule refine',
      'packmule refine --refiner none --name raw',
      'packmule refine runs/teeth --shard 2/4',
      'packmule refine --model medsam-vit-b --set refine.preset=medsam',
    ],
    (context, source: string, options: SourceOptions) => runUntil('trust', context, source, options),
  );
}
