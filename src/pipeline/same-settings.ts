/** @file For commands that look at a run and are not to do it anew: are these the settings that it was done with? */
import { existsSync } from 'node:fs';
import { ConfigError } from '../base/errors.ts';
import { canonicalJson } from '../base/hash.ts';
import { commandLine } from '../base/text.ts';
import { isTree, type RunConfig } from './config.ts';
import { readRecordedConfig } from './recorded-config.ts';
import type { RunDirectory } from './run-directory.ts';
import { chooseSam, nameSam } from './sam-model.ts';

const SHOWN = 8;

/**
 * @throws ConfigError where the run was done with other settings than these, apart from those of measuring and
 * reporting; RunError where its record is damaged.
 */
export async function requireSameSettings(run: RunDirectory, config: RunConfig): Promise<void> {
  if (!existsSync(run.config)) return;
  const recorded = await readRecordedConfig(run);
  const differing = differences(made(recorded), made(nameSam(config, await chooseSam(config))));
  if (differing.length === 0) return;
  const more = differing.length > SHOWN ? [`and ${differing.length - SHOWN} more`] : [];
  throw new ConfigError({
    seen: `${run.root} was done with other settings:\n${[...differing.slice(0, SHOWN), ...more].map((line) => `- ${line}`).join('\n')}\n`,
    need: 'The settings of the run: with others it would be done anew before it is looked at',
    fix: `Name the run itself, which has its settings: \`${commandLine(['report', run.root])}\`; or do it anew with \`packmule run\``,
  });
}

/** The settings that what a run makes depends on. */
function made({ evaluation: _, report: __, checkpointSeconds: ___, ...config }: RunConfig): unknown {
  return config;
}

/** Lines such as `training.epochs is not set, and 6 in the run`. */
function differences(recorded: unknown, given: unknown, path = ''): string[] {
  if (isTree(recorded) && isTree(given)) {
    return [...new Set([...Object.keys(recorded), ...Object.keys(given)])].flatMap((key) =>
      differences(recorded[key], given[key], path === '' ? key : `${path}.${key}`),
    );
  }
  if (canonicalJson(recorded) === canonicalJson(given)) return [];
  return [`${path} is ${shown(given)}, and ${shown(recorded)} in the run`];
}

const shown = (value: unknown): string => (value === undefined ? 'not set' : canonicalJson(value));
