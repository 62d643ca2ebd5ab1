/** @file `packmule label FOLDER`: draw the first labels of a folder of images in the browser. */
import { relative, resolve } from 'node:path';
import { Command } from 'commander';
import { commandLine } from '../base/text.ts';
import { type LabelFolder, openLabelFolder } from '../dataset/label-folder.ts';
import { EMBEDDINGS_FOLDER } from '../pipeline/run-directory.ts';
import { CONFIG_NAME } from '../pipeline/write-settings.ts';
import { dataSettings } from '../server/recognise.ts';
import { startLabelling } from '../server/serve.ts';
import { type ActionContext, type ActionResult, defineAction } from './action.ts';
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

interface LabelOptions extends RoomOptions {
  readonly run?: string;
}

export function labelCommand(): Command {
  const command = new Command('label')
    .description(
      'draw labels in the browser, from nothing: name classes, click or paint, go on to the next image',
    )
    .argument('<folder>', 'a folder of images, annotated or not')
    .option('--run <run>', 'a run over these images: where its masks are in doubt, labels help most');
  addRoomOptions(command, 'Foal, which comes with Packmule').addHelpText(
    'after',
    `
Every stroke is saved at once. An image that you call done is written into FOLDER/annotations.json, where
\`packmule run FOLDER\` finds it; what is not drawn on it counts as not there. The model looks at up to 200 images, for
three minutes at most, and suggests which to label next. Settings of FOLDER/${CONFIG_NAME} say how images are seen.`,
  );
  return defineAction(
    command,
    ['packmule label my-radiographs', 'packmule label my-radiographs --run runs/my-radiographs'],
    label,
  );
}

async function label(context: ActionContext, folder: string, options: LabelOptions): Promise<ActionResult> {
  const choice = options.model === undefined ? await shippedModel() : await namedModel(options.model);
  const embeddings = resolve('runs', EMBEDDINGS_FOLDER);
  const data = await dataSettings(folder);
  const running = await startLabelling({
    data,
    run: options.run,
    reviewer: reviewerName(options.reviewer),
    port: portNumber(options.port),
    model: await modelSource(choice, { context, device: options.device, embeddings }),
    note: context.observer.note,
  });
  await untilStopped(context, running, 'Labels', options.open);
  return summary(folder, await openLabelFolder(data));
}

function summary(folder: string, { annotations, cases, classes }: LabelFolder): ActionResult {
  const labelled = cases.filter(({ split }) => split === 'labelled').length;
  const here = relative(process.cwd(), folder) || folder;
  return {
    text: `${labelled} of ${cases.length} images are labelled in ${annotations}\nNext: ${commandLine(['run', here])}`,
    json: { annotations, labelled, images: cases.length, classes },
  };
}
