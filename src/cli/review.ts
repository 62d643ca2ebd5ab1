/** @file `packmule review RUN`: see, accept and correct the masks of a run in the browser. */
import { relative } from 'node:path';
import { Command } from 'commander';
import { commandLine } from '../base/text.ts';
import { readRecordedConfig } from '../pipeline/recorded-config.ts';
import { type RunDirectory, runDirectory } from '../pipeline/run-directory.ts';
import { embeddingsFolder, settleSam } from '../pipeline/sam-model.ts';
import { askedSam } from '../pipeline/stages/adapt.ts';
import { type Decision, statusOf } from '../review/decision.ts';
import { readDecisions } from '../review/decision-journal.ts';
import { startReview } from '../server/serve.ts';
import { type ActionContext, type ActionResult, defineAction } from './action.ts';
import {
  addRoomOptions,
  modelSource,
  namedModel,
  portNumber,
  type RoomModel,
  type RoomOptions,
  reviewerName,
  shippedModel,
  untilStopped,
} from './room-options.ts';

export function reviewCommand(): Command {
  const command = new Command('review')
    .description(
      'see the masks of a run in the browser, the least trusted first; accept, correct or reject them',
    )
    .argument('<run>', 'the folder of a run, such as runs/demo');
  addRoomOptions(command, 'the one that refined the run').addHelpText(
    'after',
    '\nDecisions are saved at once in RUN/review/decisions.jsonl. The next round learns from them:\n  $ packmule run RUN --round 2',
  );
  return defineAction(
    command,
    ['packmule review runs/demo', 'packmule review runs/teeth --model mobile-sam --reviewer "A. Meyer"'],
    review,
  );
}

async function review(context: ActionContext, folder: string, options: RoomOptions): Promise<ActionResult> {
  const run = runDirectory(folder);
  const choice = options.model === undefined ? await usualModel(run) : await namedModel(options.model);
  const setting = { context, device: options.device, embeddings: embeddingsFolder(run) };
  const running = await startReview({
    folder,
    reviewer: reviewerName(options.reviewer),
    port: portNumber(options.port),
    model: await modelSource(choice, setting),
    note: context.observer.note,
  });
  await untilStopped(context, running, 'Review', options.open);
  return summary(folder, await readDecisions(run.decisions));
}

/** The promptable model of the run's settings, as the run adapted it, else the one that comes with Packmule, where it is here. */
export async function usualModel(run: RunDirectory): Promise<RoomModel | undefined> {
  const config = await readRecordedConfig(run);
  const model = await askedSam(run, config);
  if (model === undefined) return shippedModel();
  return { model, settle: (options) => settleSam(model, config, { run, ...options }) };
}

function summary(folder: string, decisions: readonly Decision[]): ActionResult {
  const counts = { accepted: 0, corrected: 0, rejected: 0, skipped: 0, pending: 0 };
  for (const decision of decisions) counts[statusOf(decision)]++;
  const { accepted, corrected, rejected, skipped } = counts;
  const here = relative(process.cwd(), folder) || folder;
  return {
    text: `${accepted} accepted, ${corrected} corrected, ${rejected} rejected, ${skipped} skipped\nNext: ${commandLine(['run', here, '--round', '2'])}`,
    json: { run: folder, accepted, corrected, rejected, skipped },
  };
}
