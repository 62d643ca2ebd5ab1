/** @file `packmule init`: looks at a folder and writes a commented settings file for it. */
import { existsSync } from 'node:fs';
import { basename, dirname, relative, resolve } from 'node:path';
import { Command } from 'commander';
import { ConfigError } from '../base/errors.ts';
import { writeFileAtomic } from '../base/files.ts';
import { type FolderInspection, inspectFolder } from '../dataset/inspect.ts';
import { describeConfig } from '../pipeline/describe-config.ts';
import { type ActionResult, defineAction } from './action.ts';
import { CONFIG_NAME } from './source.ts';

interface InitOptions {
  readonly output: string;
  readonly force?: boolean;
}

export function initCommand(): Command {
  const command = new Command('init')
    .description('look at the folder of a data set and write a commented settings file')
    .argument('<folder>', 'the folder of the data set')
    .option('-o, --output <file>', 'the settings file', CONFIG_NAME)
    .option('--force', 'overwrite an existing settings file');
  return defineAction(
    command,
    ['packmule init data/teeth', 'packmule init data/teeth --output teeth.yaml && packmule run teeth.yaml'],
    async (_context, folder: string, options: InitOptions) => initialise(folder, options),
  );
}

async function initialise(folder: string, { output, force = false }: InitOptions): Promise<ActionResult> {
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
  await writeFileAtomic(path, describeConfig({ name, data: { root } }, head));
  const text = [...seen, ...warnings(found), '', `Wrote ${output}. Next: packmule run ${output}`].join('\n');
  return { text, json: { config: path, ...found } };
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
