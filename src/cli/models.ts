/** @file `packmule models`: which promptable models there are, getting one, and removing it. */
import { homedir } from 'node:os';
import { Command } from 'commander';
import { formatBytes } from '../base/bytes.ts';
import { CheckpointError } from '../base/errors.ts';
import { type ModelEnvironment, thisEnvironment } from '../models/environment.ts';
import { locateModel } from '../models/locate.ts';
import { addresses, pullModel } from '../models/pull.ts';
import { findModel, MODELS, type ModelEntry, similarModel } from '../models/registry.ts';
import { removeModel } from '../models/remove.ts';
import { verifyModel } from '../models/resolve.ts';
import { type ActionContext, type ActionResult, defineAction } from './action.ts';

const ABOUT = `
Models lie in the user's cache folder, or in PACKMULE_HOME. A file that the tools of Hugging Face have in their cache
(HF_HOME, HF_HUB_CACHE) is used from there. HF_ENDPOINT names a mirror of the hub, HF_TOKEN an access token;
HF_HUB_OFFLINE=1 forbids downloads. Every file is checked against its SHA-256. Behind a proxy: HTTPS_PROXY with
NODE_USE_ENV_PROXY=1, from Node 24 on.`;

export function modelsCommand(): Command {
  const command = new Command('models').description(
    'list the models that refine masks, and where they are on this machine',
  );
  command.addCommand(pullCommand());
  command.addCommand(removeCommand());
  return defineAction(
    command.addHelpText('after', ABOUT),
    ['packmule models', 'packmule models --json', 'packmule models pull sam-vit-b'],
    listModels,
  );
}

function pullCommand(): Command {
  const command = new Command('pull')
    .description('download a model, or go on with a download that was cut off')
    .argument('<name>', 'a name that `packmule models` lists');
  return defineAction(
    command,
    ['packmule models pull sam-vit-h', 'HF_ENDPOINT=https://hub.example.org packmule models pull sam-vit-b'],
    pull,
  );
}

function removeCommand(): Command {
  const command = new Command('remove')
    .description('remove a model that was downloaded')
    .argument('<name>', 'a name that `packmule models` lists');
  return defineAction(command, ['packmule models remove sam-vit-h'], remove);
}

async function listModels(): Promise<ActionResult> {
  const environment = thisEnvironment();
  const models = await Promise.all(
    MODELS.map(async (entry) => ({ entry, path: await locateModel(entry, environment) })),
  );
  const rows = models.map(({ entry, path }) => describeModel(entry, path));
  return {
    text: [
      ...rows,
      'A model of your own: --model PATH, a .pth file or a folder with config.json and model.safetensors.',
    ].join('\n\n'),
    json: {
      folder: environment.folder,
      models: models.map(({ entry, path }) => ({ ...describeJson(entry, environment), path: path ?? null })),
    },
  };
}

function describeModel(entry: ModelEntry, path: string | undefined): string {
  const { name, bytes, licence, purpose, sources } = entry;
  const places = sources.map((source) =>
    typeof source === 'string' ? new URL(source).host : `hub: ${source.repository}`,
  );
  const from = entry.isShipped ? 'part of Packmule' : `from ${places.join(' or ')}`;
  const indent = ' '.repeat(17);
  return [
    `${name.padEnd(17)}${formatBytes(bytes)}, ${licence}, ${from}`,
    `${indent}${purpose}`,
    `${indent}${path === undefined ? `not here; packmule models pull ${name}` : `here: ${shortPath(path)}`}`,
  ].join('\n');
}

function describeJson(entry: ModelEntry, environment: ModelEnvironment): Record<string, unknown> {
  const { name, file, bytes, sha256, licence, purpose, preprocessing } = entry;
  return { name, file, bytes, sha256, licence, purpose, preprocessing, from: addresses(entry, environment) };
}

function modelNamed(name: string): ModelEntry {
  const entry = findModel(name);
  if (entry !== undefined) return entry;
  const similar = similarModel(name);
  throw new CheckpointError({
    seen: `There is no model ${name}`,
    need: `The models are ${MODELS.map((model) => model.name).join(', ')}`,
    fix: similar === undefined ? 'Choose one of them' : `Did you mean ${similar}?`,
  });
}

async function remove(_context: ActionContext, name: string): Promise<ActionResult> {
  const { path, bytes } = await removeModel(modelNamed(name), thisEnvironment());
  return { text: `Freed ${formatBytes(bytes)}: ${path} is removed.`, json: { model: name, path, bytes } };
}

async function pull({ observer, signal }: ActionContext, name: string): Promise<ActionResult> {
  const entry = modelNamed(name);
  const environment = thisEnvironment();
  const before = await locateModel(entry, environment);
  const path = await pullModel(entry, { environment, observer, signal });
  if (before !== undefined) await verifyModel({ entry }, path);
  return {
    text: `${name} is ${before === undefined ? 'now' : 'already'} here: ${path}`,
    json: { model: name, path, bytes: entry.bytes, sha256: entry.sha256, downloaded: before === undefined },
  };
}

/** With ~ for the user's home. */
function shortPath(path: string): string {
  const home = homedir();
  return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}
