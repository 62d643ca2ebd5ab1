/** @file `packmule cache`: what is stored to save time, and clearing it. */
import { join, relative, resolve } from 'node:path';
import { Command } from 'commander';
import { formatBytes } from '../base/bytes.ts';
import { ConfigError } from '../base/errors.ts';
import { thisEnvironment } from '../models/environment.ts';
import { clearPartial, listPartials, type PartialDownload } from '../models/partials.ts';
import { EMBEDDINGS_FOLDER } from '../pipeline/run-directory.ts';
import { clearEmbeddings, listEmbeddings, type StoredEmbeddings } from '../sam/stored.ts';
import { type ActionContext, type ActionResult, defineAction } from './action.ts';

interface CacheOptions {
  readonly runs: string;
}

interface ClearOptions extends CacheOptions {
  readonly model?: string;
  readonly all?: boolean;
}

interface Stored {
  readonly embeddings: readonly StoredEmbeddings[];
  readonly partials: readonly PartialDownload[];
}

export function cacheCommand(): Command {
  const command = withRuns(
    new Command('cache').description(
      'list stored embeddings of images, model by model, and unfinished downloads',
    ),
  );
  command.addCommand(clearCommand());
  return defineAction(
    command,
    ['packmule cache', 'packmule cache --runs /data/runs --json', 'packmule cache clear --model sam-vit-b'],
    async (_context, { runs }: CacheOptions) => {
      const stored = await listStored(runs);
      return { text: describeStored(stored), json: { ...stored } };
    },
  );
}

function clearCommand(): Command {
  const command = withRuns(
    new Command('clear').description(
      'remove stored embeddings and unfinished downloads; what a run needs of them it makes again',
    ),
  )
    .option('--model <name>', 'of this model alone')
    .option('--all', 'of all models');
  return defineAction(
    command,
    ['packmule cache clear --model sam-vit-b', 'packmule cache clear --all --runs /data/runs'],
    (context, options: ClearOptions) => clearStored(context, options),
  );
}

function withRuns(command: Command): Command {
  return command.option('--runs <folder>', 'folder of all runs', 'runs');
}

async function listStored(runs: string): Promise<Stored> {
  const embeddings = await listEmbeddings(join(resolve(runs), EMBEDDINGS_FOLDER));
  return { embeddings, partials: await listPartials(thisEnvironment()) };
}

function describeStored({ embeddings, partials }: Stored): string {
  const lines = [
    ...embeddings.map(
      ({ label, images, bytes, folder }) =>
        `${label}: embeddings of ${images} images, ${formatBytes(bytes)}, in ${relative(process.cwd(), folder) || '.'}`,
    ),
    ...partials.map(
      ({ model, bytes, wholeBytes, path }) =>
        `${model}: unfinished download, ${formatBytes(bytes)} of ${formatBytes(wholeBytes)}, for ${path}`,
    ),
  ];
  return lines.length === 0 ? 'Nothing is stored.' : lines.join('\n');
}

async function clearStored(
  { observer }: ActionContext,
  { runs, model, all = false }: ClearOptions,
): Promise<ActionResult> {
  if (!all && model === undefined) {
    throw new ConfigError({
      seen: 'Nothing says what is to be removed',
      need: 'One model or all',
      fix: 'Give --model NAME, as `packmule cache` lists it, or --all',
    });
  }
  const stored = await listStored(runs);
  const embeddings = stored.embeddings.filter(({ label }) => all || label === model);
  const partials = stored.partials.filter((partial) => all || partial.model === model);
  if (!all && embeddings.length + partials.length === 0) {
    const known = [...stored.embeddings.map(({ label }) => label), ...stored.partials.map((p) => p.model)];
    throw new ConfigError({
      seen: `Nothing is stored for ${model}`,
      need: `Something is stored for ${[...new Set(known)].join(', ') || 'no model'}`,
      fix: 'Name one of these, or another folder with --runs',
    });
  }
  for (const item of embeddings) await clearEmbeddings(item);
  const cleared: PartialDownload[] = [];
  for (const partial of partials) {
    if (await clearPartial(partial)) cleared.push(partial);
    else observer.note(`${partial.model} is just being downloaded, so its unfinished download stays.`);
  }
  const bytes = [...embeddings, ...cleared].reduce((sum, item) => sum + item.bytes, 0);
  return { text: `Freed ${formatBytes(bytes)}.`, json: { bytes, embeddings, partials: cleared } };
}
