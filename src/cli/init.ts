/** @file `packmule init`: looks at a folder and writes a commented settings file for it. */
import { existsSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { Command } from 'commander';
import { ConfigError } from '../base/errors.ts';
import { commandLine } from '../base/text.ts';
import { describeFolder, folderWarnings } from '../dataset/describe.ts';
import { inspectFolder } from '../dataset/inspect.ts';
import { findModel, refinerOf } from '../models/registry.ts';
import type { Tree } from '../pipeline/config.ts';
import { CONFIG_NAME, writeSettings } from '../pipeline/write-settings.ts';
import { type ActionResult, defineAction } from './action.ts';

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
    .option(
      '--refiner <name>',
      'write this refiner into the settings: foal+close-up, close-up, foal, sam, random-walker or none',
    )
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
  await writeSettings(path, found, refinerSettings(chosen, dirname(path)));
  const text = [
    ...seen,
    ...folderWarnings(found),
    '',
    `Wrote ${output}. Next: ${commandLine(['run', output])}`,
  ].join('\n');
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
