/** @file `packmule predict`. */
import { resolve } from 'node:path';
import { Command } from 'commander';
import { ConfigError } from '../base/errors.ts';
import { chooseCompute, type DeviceSetting } from '../machine/choose.ts';
import { predictImages, predictPart } from '../pipeline/predict-images.ts';
import { runDirectory } from '../pipeline/run-directory.ts';
import { type ActionContext, type ActionResult, defineAction } from './action.ts';
import { addSourceOptions, collect, runUntil, type SourceOptions, shardOption } from './source.ts';
import { describePart } from './summary.ts';

const ABOUT = `
Without --images the networks of a run mask its own images. With --images, source is the folder of a run, and its last
network masks any others: annotations.json (COCO), view.json (which boxes of them were blackened) and a picture of each
image are written to --out; settings are those of the run, so that options which change them are refused. With --shard
1/4 one process does a quarter of the images; call it once for each part, at the same time or not, then without
--shard.`;

interface PredictOptions extends SourceOptions {
  readonly images: readonly string[];
  readonly out: string;
  readonly refine?: boolean;
}

export function predictCommand(): Command {
  const command = addSourceOptions(
    new Command('predict').description(
      'predict masks: of the images of a run, or of new ones by the networks of a finished run',
    ),
  )
    .option('--images <path>', 'an image, or a folder of images; may be given again', collect, [])
    .option('--out <folder>', 'where masks of --images go', 'predictions')
    .option(
      '--refine',
      'mend the masks of --images by the refiner of the run, and say how far each can be trusted',
    )
    .addOption(shardOption())
    .addHelpText('after', ABOUT);
  return defineAction(
    command,
    ['packmule predict', 'packmule predict runs/teeth --images new --out new-masks --refine'],
    predict,
  );
}

async function predict(
  context: ActionContext,
  source: string,
  options: PredictOptions,
): Promise<ActionResult> {
  const { images, refine = false } = options;
  if (images.length > 0) {
    refuseUnheard(options);
    return predictOthers(context, source, options);
  }
  if (!refine) return runUntil('predict', context, source, options);
  throw new ConfigError({
    seen: '--refine stands without --images',
    need: 'Images whose masks are to be mended',
    fix: 'Name them with --images; the masks of a run are refined by: packmule refine',
  });
}

/** With --images the networks and the settings are those of the run. */
const UNHEARD = ['name', 'round', 'runs', 'set', 'preset', 'refiner', 'model'] as const;

function refuseUnheard(options: PredictOptions): void {
  const given = UNHEARD.filter((name) => [options[name] ?? []].flat().length > 0);
  if (given.length === 0) return;
  const names = given.map((name) => `--${name}`).join(', ');
  throw new ConfigError({
    seen: `${names} ${given.length === 1 ? 'stands' : 'stand'} with --images`,
    need: 'The folder of a finished run: its networks and its settings mask the images',
    fix: `Leave out ${names}; for other settings do another run: packmule run`,
  });
}

async function predictOthers(
  { observer, signal }: ActionContext,
  source: string,
  { images, out, refine = false, device, skipBad = false, shard }: PredictOptions,
): Promise<ActionResult> {
  const run = runDirectory(resolve(source));
  const compute = await chooseCompute((device ?? 'auto') as DeviceSetting, observer.note, { signal });
  const predicting = { run, observer, signal };
  const others = { paths: images, out: resolve(out), refine, skipBad, compute };
  if (shard !== undefined) return describePart(await predictPart(predicting, others, shard));
  const done = await predictImages(predicting, others);
  const by = `the ${done.network} network${refine ? ' and the refiner' : ''}`;
  return {
    text: `${done.masks} masks of ${done.images} images by ${by}\nMasks:    ${done.annotations}\nPictures: ${out}`,
    json: { ...done, refined: refine },
  };
}
