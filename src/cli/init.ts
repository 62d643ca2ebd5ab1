/** @file `packmule init`: looks at a folder and writes a commented settings file for it. */
import { existsSync } from 'node:fs';
import { basename, dirname, relative, resolve } from 'node:path';
import { Command } from 'commander';
import { ConfigError } from '../base/errors.ts';
import { writeFileAtomic } from '../base/files.ts';
import { type FolderInspection, inspectFolder } from '../dataset/inspect.ts';
import { findModel, refinerOf } from '../models/registry.ts';
import type { Tree } from '../pipeline/config.ts';
import { describeConfig } from '../pipeline/describe-config.ts';
import { resolveConfig } from '../pipeline/load-config.ts';
import { type ActionResult, defineAction } from './action.ts';
import { CONFIG_NAME } from './source.ts';

interface InitOptions {
  readonly output: string;
  readonly force?: boolean;
  readonly refiner?: string;
  readonly model?: string;
}

export function initCommand(): Command {
  const command = new Command('init')
    .description('look at the folder of a data set and write a commented settings file')
    .argument('<folder>', 'the folder of the data set')
    .option('-o, --output <file>', 'the settings file', CONFIG_NAME)
    .option('--force', 'overwrite an existing settings file')
    .option('--refiner <name>', 'write this refiner into the settings: foal, sam, random-walker or none')
    .option(
      '--model <name|path>',
      'write this model into the settings (implies --refiner sam unless it is foal)',
    );
  return defineAction(
    command,
    [
      'packmule init data/teeth',
      'packmule init data/teeth --refiner sam --model sam-vit-h',
      'packmule init data/teeth --output teeth.yaml && packmule run teeth.yaml',
    ],
    async (_context, folder: string, options: InitOptions) => initialise(folder, options),
  );
}

async function initialise(
  folder: string,
  { output, force = false, ...chosen }: InitOptions,
): Promise<ActionResult> {
  const path = resolve(output);
  if (existsSync(path) && !force) {
    throw new ConfigError({
      seen: `${output} exists already`,
      need: 'A new file, so that nobody loses settings',
      fix: 'Choose another name with --output, or overwrite it with --force',
    });
  }
  const found = await inspectFolder(folder);
  const seen = describeFolder(found);
  const root = relative(dirname(path), found.root) || '.';
  const name = basename(found.root).replace(/[^\w.-]/g, '-');
  const head = [
    'Settings of Packmule. Remove a # in front of a setting to change it; paths are relative to this file.',
    ...seen,
  ];
  const settings = { name, data: { root }, ...refinerSettings(chosen, dirname(path)) };
  resolveConfig(settings, dirname(path));
  await writeFileAtomic(path, describeConfig(settings, head));
  const text = [...seen, ...warnings(found), '', `Wrote ${output}. Next: packmule run ${output}`].join('\n');
  return { text, json: { config: path, ...found } };
}

/** Settings of the refiner; the path of a model is written relative to the settings file. */
function refinerSettings({ refiner, model }: Pick<InitOptions, 'refiner' | 'model'>, folder: string): Tree {
  const named = refiner ?? (model === undefined ? undefined : refinerOf(model));
  return {
    ...(named !== undefined && { refine: { refiner: named } }),
    ...(model !== undefined && { sam: { model: relativeModel(model, folder) } }),
  };
}

function relativeModel(nameOrPath: string, folder: string): string {
  if (findModel(nameOrPath) !== undefined) return nameOrPath;
  const path = relative(folder, resolve(nameOrPath));
  // A file that is called as a model is named by a path that looks like one.
  return findModel(path) === undefined ? path : `./${path}`;
}

function describeFolder({
  recognised,
  sizes,
  bitDepths,
  classes,
  overlapFraction,
  objectShortSide,
  mirroredPairs,
}: FolderInspection): string[] {
  const shown = sizes
    .slice(0, 3)
    .map(({ width, height, images }) => `${width} x ${height} (${images} images)`);
  const others = sizes.length > 3 ? ` and ${sizes.length - 3} other sizes` : '';
  return [
    ...recognised,
    `Sizes, width x height in px: ${shown.join(', ')}${others}.`,
    `Bits per pixel: ${bitDepths.map(({ bits, images }) => `${bits} (${images} images)`).join(', ')}.`,
    `${classes.length} classes: ${classes.map(({ name, labelledImages }) => `${name} (in ${labelledImages})`).join(', ')}.`,
    `Structures are ${Math.round(objectShortSide.median)} px wide at the median; ${(100 * overlapFraction).toFixed(1)} % of annotated pixels belong to several classes.`,
    describeFlips(mirroredPairs),
  ];
}

function describeFlips(pairs: FolderInspection['mirroredPairs']): string {
  if (pairs === undefined) {
    return 'Images are not flipped in training, because the names of the classes tell no left and right (data.mirroredPairs: [] flips them).';
  }
  const shown = pairs.map(([a, b]) => `${a} and ${b}`).join(', ');
  return `Images are flipped left to right in training, by the names of the classes: ${shown} then change places (data.mirroredPairs).`;
}

function warnings({ unreadable, counts, classes }: FolderInspection): string[] {
  const rare = classes.filter(({ labelledImages }) => labelledImages === 0).map(({ name }) => name);
  return [
    ...unreadable.map((path) => `Note: ${path} cannot be read; packmule run --skip-bad leaves it out.`),
    ...(counts.unlabelled === 0 ? ['Note: there are no unlabelled images to learn more from.'] : []),
    ...(counts.test === 0
      ? ['Note: there are no test images, so the report will have no test figures.']
      : []),
    ...(rare.length > 0 ? [`Note: no labelled image shows ${rare.join(', ')}.`] : []),
  ];
}
