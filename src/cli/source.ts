/** @file What the commands that work on a run share: their options, the run they mean, and doing it up to a stage. */
import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { ConfigError } from '../base/errors.ts';
import { SPLIT_FOLDERS } from '../dataset/layout.ts';
import { DEVICE_SETTINGS } from '../machine/choose.ts';
import { findModel, refinerOf } from '../models/registry.ts';
import type { RunConfig } from '../pipeline/config.ts';
import { loadConfig, resolveConfig } from '../pipeline/load-config.ts';
import { readRecordedConfig } from '../pipeline/recorded-config.ts';
import { roundConfig } from '../pipeline/rounds.ts';
import { type LastStage, runPipeline } from '../pipeline/run.ts';
import { runDirectory } from '../pipeline/run-directory.ts';
import { requireSameSettings } from '../pipeline/same-settings.ts';
import { parseShard, type Shard } from '../pipeline/shard.ts';
import { CONFIG_NAME } from '../pipeline/write-settings.ts';
import { askedModel } from '../refine/settings.ts';
import type { ActionContext, ActionResult } from './action.ts';
import { whole } from './numbers.ts';
import { summarise } from './summary.ts';

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
  readonly round?: number;
  readonly runs?: string;
  readonly shard?: Shard;
}

export function addSourceOptions(command: Command): Command {
  return addSettingsOptions(command)
    .option('--name <name>', 'name of the run')
    .option('--round <number>', 'learn from the review of the run before: 2 after the first one', whole(1))
    .option('--runs <folder>', 'folder of all runs (default: that of the run that is named, else runs)');
}

/** The option of commands whose images several processes can divide among themselves. */
export function shardOption(): Option {
  return new Option(
    '--shard <i/n>',
    'do the i-th of n parts of the images of the next stage; any machine that sees the run can do one at the same time, and the same command without --shard puts the parts together',
  ).argParser(parseShard);
}

/** The options that say which data and settings, without a run. */
export function addSettingsOptions(command: Command): Command {
  return command
    .argument(
      '[source]',
      'a settings file, the folder of a data set, or of a run; the data set in this folder, where it holds one and no settings',
      CONFIG_NAME,
    )
    .option('--set <key=value>', 'override a setting; may be given again', collect, [])
    .option('--preset <preset>', 'laptop or paper')
    .option('--refiner <name>', 'foal+close-up, close-up, foal, sam, random-walker or none')
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
  return doRun(until, context, await runOf(source, options), options);
}

/**
 * The same for commands that look at what a run has made: one that was done with other settings is not done anew.
 * @throws ConfigError as requireSameSettings.
 */
export async function lookUntil(
  until: 'evaluate' | 'report',
  context: ActionContext,
  source: string,
  options: SourceOptions,
): Promise<ActionResult> {
  const meant = await runOf(source, options);
  await requireSameSettings(runDirectory(meant.folder), meant.config);
  return doRun(until, context, meant, options);
}

interface MeantRun {
  readonly config: RunConfig;
  readonly folder: string;
}

async function doRun(
  until: LastStage,
  context: ActionContext,
  { config, folder }: MeantRun,
  { skipBad = false, shard }: SourceOptions,
): Promise<ActionResult> {
  return summarise(
    await runPipeline(config, { ...context, folder, skipBad, until, ...(shard && { shard }) }),
  );
}

/** The settings of the run that the arguments mean, and its folder. */
export async function runOf(source: string, options: SourceOptions): Promise<MeantRun> {
  const { name } = options;
  const given = await readSettings(
    source,
    options,
    name === undefined ? [] : [`name=${JSON.stringify(name)}`],
  );
  const runs = resolve(options.runs ?? (isRun(source) ? dirname(resolve(source)) : 'runs'));
  const config = options.round === undefined ? given : await roundConfig(given, options.round, runs);
  return { config, folder: join(runs, config.name) };
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

/** Whether it is the folder of a run, which goes on with the settings it has. */
function isRun(source: string): boolean {
  const { config, log } = runDirectory(source);
  return existsSync(config) && existsSync(log);
}

/** The settings of a file, or of the folder of a data set or run. @throws ConfigError, RunError. */
export async function readSource(source: string, set: readonly string[]): Promise<RunConfig> {
  if (isRun(source)) {
    const recorded = await readRecordedConfig(runDirectory(source));
    const asSet = resolveConfig({ ...recorded }, process.cwd(), { set });
    if (askedModel(asSet.refine) === askedModel(recorded.refine)) return asSet;
    // Which model was asked, and what, is not for one of another sort.
    const { model: _, preprocessing: __, ...sam } = recorded.sam;
    const { passes: ___, morphology: ____, ...refine } = recorded.refine;
    return resolveConfig({ ...recorded, sam, refine }, process.cwd(), { set });
  }
  const found = existsSync(source) ? source : dataHere(source);
  if (found === undefined) {
    throw new ConfigError({
      seen: `${source} does not exist`,
      need: 'A settings file, or the folder of a data set or of a run',
      fix: `Write a settings file with \`packmule init FOLDER\`, or name the data set: \`packmule run FOLDER\``,
    });
  }
  const file = settingsFile(found);
  return file === undefined
    ? resolveConfig({ data: { root: resolve(found) } }, process.cwd(), { set })
    : loadConfig(file, { set });
}

/** This folder, where no source is named, there are no settings, and it has the folder of a data set's labelled images. */
function dataHere(source: string): string | undefined {
  return source === CONFIG_NAME && SPLIT_FOLDERS.labelled.some((name) => existsSync(name)) ? '.' : undefined;
}

/** The settings file that a source is or holds; undefined for a run, a data set without one, and what is not there. */
export function settingsFile(source: string): string | undefined {
  if (isRun(source) || !existsSync(source)) return undefined;
  const file = statSync(source).isDirectory() ? join(source, CONFIG_NAME) : source;
  return existsSync(file) ? file : undefined;
}
