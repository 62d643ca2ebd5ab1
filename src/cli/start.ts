/** @file `packmule` without arguments, or `packmule start`: the start page and the runs in the browser. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { EMBEDDINGS_FOLDER, runDirectory } from '../pipeline/run-directory.ts';
import { embeddingsFolder } from '../pipeline/sam-model.ts';
import { startHouse } from '../server/house.ts';
import { type ActionContext, type ActionResult, defineAction } from './action.ts';
import { usualModel } from './review.ts';
import {
  addRoomOptions,
  modelSource,
  namedModel,
  portNumber,
  type RoomOptions,
  reviewerName,
  shippedModel,
  untilStopped,
} from './room-options.ts';

export function startCommand(): Command {
  const command = new Command('start').description(
    'open the start page in the browser: drop a folder, label, run, watch, review; so does `packmule` alone',
  );
  addRoomOptions(command, 'that of the run, or Foal').addHelpText(
    'after',
    `
The page sees folders in your home and in the folder in which it was started, but no hidden ones. Runs that are
started on it lie in runs/ of the project, as those of \`packmule run\`; when the page ends they save their work and
stop, and go on when they are started again.`,
  );
  return defineAction(command, ['packmule', 'packmule start --port 8080 --no-open'], start);
}

async function start(context: ActionContext, options: RoomOptions): Promise<ActionResult> {
  const project = process.cwd();
  const named = options.model === undefined ? undefined : await namedModel(options.model);
  const { device } = options;
  const running = await startHouse({
    project,
    userHome: homedir(),
    roots: [homedir(), project],
    reviewer: reviewerName(options.reviewer),
    port: portNumber(options.port),
    program: { main: fileURLToPath(new URL('main.js', import.meta.url)) },
    modelOf: async (folder) => {
      const run = folder === undefined ? undefined : runDirectory(folder);
      const choice = named ?? (run === undefined ? await shippedModel() : await usualModel(run));
      const embeddings = run === undefined ? join(project, 'runs', EMBEDDINGS_FOLDER) : embeddingsFolder(run);
      return modelSource(choice, { context, device, embeddings });
    },
    note: context.observer.note,
  });
  await untilStopped(context, running, 'Packmule', options.open);
  return { text: 'Runs that were going on are saved; packmule opens the page again', json: { project } };
}
