/** @file `packmule run`. */
import { Command } from 'commander';
import { defineAction } from './action.ts';
import { addSourceOptions, runUntil, type SourceOptions, shardOption } from './source.ts';

export function runCommand(): Command {
  const command = addSourceOptions(
    new Command('run').description('do the whole run: train, predict, refine, train again, evaluate, report'),
  ).addOption(shardOption());
  return defineAction(
    command,
    [
      'packmule run data/teeth',
      'packmule run packmule.yaml --set training.minutes=5 --name quick',
      'packmule run data/teeth --refiner sam --model sam-vit-h',
      'packmule run data/teeth --set refine.preset=medsam --name medsam',
      'packmule run data/teeth --preset paper --model weights/sam_vit_h_4b8939.pth',
    ],
    (context, source: string, options: SourceOptions) => runUntil('report', context, source, options),
  );
}
