/** @file What commands share that open a page in the browser: who decides, the model of smart edit, address and end. */
import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { ConfigError } from '../base/errors.ts';
import { chooseCompute, type DeviceSetting } from '../machine/choose.ts';
import { thisEnvironment } from '../models/environment.ts';
import { locateModel } from '../models/locate.ts';
import { findModel, SHIPPED_MODEL } from '../models/registry.ts';
import { chooseModel, modelLabel, preprocessingOf } from '../models/resolve.ts';
import {
  obtainCheckedSam,
  openSam,
  type SamChoice,
  type SamModel,
  type SettleOptions,
} from '../pipeline/sam-model.ts';
import type { Running } from '../server/serve.ts';
import type { ModelSource } from '../server/smart-edit.ts';
import type { ActionContext } from './action.ts';
import { openBrowser } from './open-browser.ts';
import { deviceOption } from './source.ts';

export interface RoomOptions {
  readonly model?: string;
  readonly reviewer?: string;
  readonly port: string;
  readonly open: boolean;
  readonly device?: DeviceSetting;
}

/** `usual` says which model smart edit works with by default. */
export function addRoomOptions(command: Command, usual: string): Command {
  return command
    .option(
      '--model <name|path>',
      `the promptable model of smart edit: a name of \`packmule models\`, a file or a folder (default: ${usual})`,
    )
    .option('--reviewer <name>', 'who decides and draws (default: your user name)')
    .option('--port <number>', 'a port of your choice', '0')
    .option('--no-open', 'print the address and open no browser')
    .addOption(deviceOption());
}

/** A model for smart edit; how it computes is known when it is opened on a device. */
export interface RoomModel {
  readonly model: SamModel;
  readonly settle: (options: Pick<SettleOptions, 'device' | 'note'>) => Promise<SamChoice>;
}

/** What a model is opened with, besides its choice. */
interface ModelSetting {
  readonly context: ActionContext;
  readonly device: DeviceSetting | undefined;
  /** Where embeddings of images are kept. */
  readonly embeddings: string;
}

/** The model of smart edit; what must be downloaded is downloaded now and not at the first click. */
export async function modelSource(
  chosen: RoomModel | undefined,
  { context, device, embeddings }: ModelSetting,
): Promise<ModelSource | undefined> {
  if (chosen === undefined) return undefined;
  const { model, settle } = chosen;
  await obtainCheckedSam(model, context);
  return {
    label: modelLabel(model.chosen),
    open: async () => {
      const { note } = context.observer;
      const compute = await chooseCompute(device ?? 'auto', note, { signal: context.signal });
      return openSam(await settle({ ...compute, note }), context, { compute, embeddings });
    },
  };
}

export async function namedModel(name: string): Promise<RoomModel> {
  const chosen = await chooseModel(name);
  const model: SamModel = { chosen, preprocessing: preprocessingOf(chosen) };
  return { model, settle: async () => ({ ...model, precision: 'float32' }) };
}

/** The model that comes with Packmule, where it is here. */
export async function shippedModel(): Promise<RoomModel | undefined> {
  const shipped = findModel(SHIPPED_MODEL);
  const isHere = shipped !== undefined && (await locateModel(shipped, thisEnvironment())) !== undefined;
  return isHere ? namedModel(SHIPPED_MODEL) : undefined;
}

export function reviewerName(given: string | undefined): string {
  if (given !== undefined) return given;
  try {
    return userInfo().username;
  } catch {
    // A process may run under a number that has no name.
    return 'reviewer';
  }
}

export function portNumber(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new ConfigError({
    seen: `--port is ${text}`,
    need: 'A whole number up to 65535; 0 takes any free port',
    fix: 'Leave it out unless you need a certain port',
  });
}

/** Shows the page until the user asks to stop. `title` stands before the address: `Review`. */
export async function untilStopped(
  { observer, signal }: ActionContext,
  running: Running,
  title: string,
  open: boolean,
): Promise<void> {
  try {
    observer.note(`${title}: ${running.url}`);
    observer.note('Ctrl-C ends it; what is decided is saved.');
    if (open) openBrowser(running.url);
    await aborted(signal);
  } finally {
    await running.close();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });
}
