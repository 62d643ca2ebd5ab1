/** @file What the commands that work on a run share: their options, the run they mean, and doing it up to a stage. */
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { ConfigError } from '../base/errors.ts';
import { DEVICE_SETTINGS } from '../machine/choose.ts';
import { findModel, refinerOf } from '../models/registry.ts';
import type { RunConfig } from '../pipeline/config.ts';
import { loadConfig, resolveConfig } from '../pipeline/load-config.ts';
import { type LastStage, runPipeline } from '../pipeline/run.ts';
import type { ActionContext, ActionResult } from './action.ts';
import { summarise } from './summary.ts';

export const CONFIG_NAME = 'packmule.yaml';

export interface SettingsOptions {
  readonly set: readonly string[];
  readonly preset?: string;
  readonly device?: string;
  readonly refiner?: string;
  readonly model?: string;
  readonly skipBad?: boolean;
}

export interface SourceOptions extends SettingsOptions {
  readonly name?: string;
  readonly runs: string;
}

export function addSourceOptions(command: Command): Command {
  return addSettingsOptions(command)
    .option('--name <name>', 'name of the run')
    .option('--runs <folder>', 'folder of all runs', 'runs');
}

/** The options that say which data and settings, without a run. */
export function addSettingsOptions(command: Command): Command {
  return command
    .argument('[source]', 'a settings file, or the folder of a data set', CONFIG_NAME)
    .option('--set <key=value>', 'override a setting; may be given again', collect, [])
    .option('--preset <preset>', 'laptop or paper')
    .option('--refiner <name>', 'foal, sam, random-walker or none')
    .option(
      '--model <name|path>',
      'the model that refines: a name of `packmule models`, a file or a folder (implies --refiner sam unless it is foal)',
    )
    .addOption(deviceOption())
    .option('--skip-bad', 'leave out images with problems instead of stopping');
}

/** Where networks run. No default, so that the settings file is heard. */
export function deviceOption(): Option {
  return new Option('--device <device>', 'where networks run (default: auto)').choices(DEVICE_SETTINGS);
}

export function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

/** Does the run that the arguments mean, up to a stage. */
export async function runUntil(
  until: LastStage,
  context: ActionContext,
  source: string,
  options: SourceOptions,
): Promise<ActionResult> {
  const { name } = options;
  const config = await readSettings(
    source,
    options,
    name === undefined ? [] : [`name=${JSON.stringify(name)}`],
  );
  const folder = join(resolve(options.runs), config.name);
  const skipBad = options.skipBad ?? false;
  return summarise(await runPipeline(config, { ...context, folder, skipBad, until }));
}

/** The settings of the source with what the options say; `more` as of --set, which wins over it. */
export async function readSettings(
  source: string,
  options: SettingsOptions,
  more: readonly string[] = [],
): Promise<RunConfig> {
  return readSource(source, [
    ...(options.preset === undefined ? [] : [`preset=${options.preset}`]),
    ...(options.device === undefined ? [] : [`device=${options.device}`]),
    ...more,
    ...refinerSettings(options),
    ...options.set,
  ]);
}

function refinerSettings({ refiner, model }: SettingsOptions): string[] {
  const named = refiner ?? (model === undefined ? undefined : refinerOf(model));
  return [
    ...(named === undefined ? [] : [`refine.refiner=${JSON.stringify(named)}`]),
    ...(model === undefined ? [] : [`sam.model=${JSON.stringify(absoluteModel(model))}`]),
  ];
}

/** A path on the command line is relative to where the user is, not to the settings file. */
function absoluteModel(nameOrPath: string): string {
  return findModel(nameOrPath) === undefined ? resolve(nameOrPath) : nameOrPath;
}

/** The settings of a file, or of the folder of a data set. @throws ConfigError. */
export async function readSource(source: string, set: readonly string[]): Promise<RunConfig> {
  if (!existsSync(source)) {
    throw new ConfigError({
      seen: `${source} does not exist`,
      need: 'A settings file, or the folder of a data set',
      fix: `Write a settings file with \`packmule init FOLDER\`, or name the data set: \`packmule run FOLDER\``,
    });
  }
  if (!statSync(source).isDirectory()) return loadConfig(source, { set });
  const inside = join(source, CONFIG_NAME);
  return existsSync(inside)
    ? loadConfig(inside, { set })
    : resolveConfig({ data: { root: resolve(source) } }, process.cwd(), { set });
}
