/** @file `packmule embed`. */
import { relative } from 'node:path';
import { Command } from 'commander';
import { embedImages } from '../pipeline/embed-images.ts';
import { describeShard, parseShard } from '../pipeline/shard.ts';
import { type ActionContext, type ActionResult, defineAction } from './action.ts';
import { addSourceOptions, runOf, type SourceOptions } from './source.ts';

const ABOUT = `
Where the refiner is sam, every image is encoded once, which takes seconds, and its embedding is kept beside the runs, for
all of them. Refinement does so by itself; done before, it can be divided among machines, also while networks are trained.
What is stored is kept: the same call goes on after an interruption, and parts need not be put together.`;

export function embedCommand(): Command {
  const command = addSourceOptions(
    new Command('embed').description('store the image embeddings that the refiner sam will need'),
  )
    .option(
      '--shard <i/n>',
      'do the i-th of n parts of the images; any machine can do one at the same time',
      parseShard,
    )
    .addHelpText('after', ABOUT);
  return defineAction(
    command,
    [
      'packmule embed runs/teeth --model sam-vit-h',
      'packmule embed runs/teeth --shard 2/4',
      'packmule submit slurm --tasks 16 embed runs/teeth',
    ],
    embed,
  );
}

async function embed(context: ActionContext, source: string, options: SourceOptions): Promise<ActionResult> {
  const { config, folder } = await runOf(source, options);
  const { skipBad = false, shard } = options;
  const done = await embedImages(config, { ...context, folder, skipBad, ...(shard && { shard }) });
  const known = done.before === 0 ? '' : `, ${done.before} of them before`;
  const part = shard === undefined ? '' : ` (${describeShard(shard)})`;
  return {
    text: `${done.images} images are encoded${known}${part}.\nEmbeddings: ${relative(process.cwd(), done.folder) || '.'}`,
    json: { ...done, ...(shard && { shard }) },
  };
}
