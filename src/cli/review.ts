/** @file `packmule review RUN`: see, accept and correct the masks of a run in the browser. */
import { userInfo } from 'node:os';
import { relative } from 'node:path';
import { Command } from 'commander';
import { ConfigError } from '../base/errors.ts';
import { chooseCompute, type DeviceSetting } from '../machine/choose.ts';
import { thisEnvironment } from '../models/environment.ts';
import { locateModel } from '../models/locate.ts';
import { findModel, SHIPPED_MODEL } from '../models/registry.ts';
import { chooseModel, modelLabel, preprocessingOf } from '../models/resolve.ts';
import { readRecordedConfig } from '../pipeline/recorded-config.ts';
import { type RunDirectory, runDirectory } from '../pipeline/run-directory.ts';
import { embeddingsFolder, obtainSam, openSam, type SamChoice } from '../pipeline/sam-model.ts';
import { refiningSam } from '../pipeline/stages/adapt.ts';
import { type Decision, statusOf } from '../review/decision.ts';
import { readDecisions } from '../review/decision-journal.ts';
import { startReview } from '../server/serve.ts';
import type { ModelSource } from '../server/smart-edit.ts';
import { type ActionContext, type ActionResult, defineAction } from './action.ts';
import { openBrowser } from './open-browser.ts';
import { deviceOption } from './source.ts';

interface ReviewOptions {
  readonly model?: string;
  readonly reviewer?: string;
  readonly port: string;
  readonly open: boolean;
  readonly device?: DeviceSetting;
}

export function reviewCommand(): Command {
  const command = new Command('review')
    .description(
      'see the masks of a run in the browser, the least trusted first; accept, correct or reject them',
    )
    .argument('<run>', 'the folder of a run, such as runs/demo')
    .option(
      '--model <name|path>',
      'the promptable model of smart edit: a name of `packmule models`, a file or a folder (default: the one that refined the run)',
    )
    .option('--reviewer <name>', 'who the decisions are by (default: your user name)')
    .option('--port <number>', 'a port of your choice', '0')
    .option('--no-open', 'print the address and open no browser')
    .addOption(deviceOption())
    .addHelpText(
      'after',
      '\nDecisions are saved at once in RUN/review/decisions.jsonl. The next round learns from them:\n  $ packmule run RUN --round 2',
    );
  return defineAction(
    command,
    ['packmule review runs/demo', 'packmule review runs/teeth --model mobile-sam --reviewer "A. Meyer"'],
    review,
  );
}

async function review(context: ActionContext, folder: string, options: ReviewOptions): Promise<ActionResult> {
  const run = runDirectory(folder);
  const model = await modelSource(context, folder, options);
  const running = await startReview({
    folder,
    reviewer: reviewerName(options.reviewer),
    port: portNumber(options.port),
    model,
    note: (text) => context.observer.note(text),
  });
  try {
    context.observer.note(`Review: ${running.url}`);
    context.observer.note('Ctrl-C ends it; what is decided is saved.');
    if (options.open) openBrowser(running.url);
    await aborted(context.signal);
  } finally {
    await running.close();
  }
  return summary(folder, await readDecisions(run.decisions));
}

/** The model that is named, or the one that refined the masks; undefined where there is neither. */
async function modelSource(
  context: ActionContext,
  folder: string,
  { model, device }: ReviewOptions,
): Promise<ModelSource | undefined> {
  const run = runDirectory(folder);
  const choice = model === undefined ? await usualModel(run) : await namedModel(model);
  if (choice === undefined) return undefined;
  // What must be downloaded is downloaded now and not at the first click.
  await obtainSam(choice, context);
  return {
    label: modelLabel(choice.chosen),
    open: async () => {
      const compute = await chooseCompute(device ?? 'auto', (text) => context.observer.note(text));
      return openSam(choice, context, { compute, embeddings: embeddingsFolder(run) });
    },
  };
}

async function namedModel(model: string): Promise<SamChoice> {
  const chosen = await chooseModel(model);
  return { chosen, preprocessing: preprocessingOf(chosen), precision: 'float32' };
}

/** The model that refined the masks of the run, else the one that comes with Packmule, where it is here. */
async function usualModel(run: RunDirectory): Promise<SamChoice | undefined> {
  const refining = await refiningSam(run, await readRecordedConfig(run));
  if (refining !== undefined) return refining;
  const shipped = findModel(SHIPPED_MODEL);
  const isHere = shipped !== undefined && (await locateModel(shipped, thisEnvironment())) !== undefined;
  return isHere ? namedModel(SHIPPED_MODEL) : undefined;
}

function reviewerName(given: string | undefined): string {
  if (given !== undefined) return given;
  try {
    return userInfo().username;
  } catch {
    // A process may run under a number that has no name.
    return 'reviewer';
  }
}

function portNumber(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new ConfigError({
    seen: `--port is ${text}`,
    need: 'A whole number up to 65535; 0 takes any free port',
    fix: 'Leave it out unless you need a certain port',
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });
}

function summary(folder: string, decisions: readonly Decision[]): ActionResult {
  const counts = { accepted: 0, corrected: 0, rejected: 0, skipped: 0, pending: 0 };
  for (const decision of decisions) counts[statusOf(decision)]++;
  const { accepted, corrected, rejected, skipped } = counts;
  const here = relative(process.cwd(), folder) || folder;
  return {
    text: `${accepted} accepted, ${corrected} corrected, ${rejected} rejected, ${skipped} skipped\nNext: packmule run ${here} --round 2`,
    json: { run: folder, accepted, corrected, rejected, skipped },
  };
}
