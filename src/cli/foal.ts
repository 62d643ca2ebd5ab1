/** @file `packmule foal`: training our own promptable model, and measuring any. */
import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { ConfigError } from '../base/errors.ts';
import { openDataset } from '../dataset/dataset.ts';
import { instancesOfCases } from '../dataset/instances/dataset.ts';
import {
  holdOut,
  type InstanceCase,
  readInstanceCase,
  readInstanceFolder,
} from '../dataset/instances/folder.ts';
import { folderSource, sceneSource } from '../dataset/instances/sources.ts';
import type { InstanceImage, InstanceSource } from '../dataset/instances/types.ts';
import { casesOf, SPLIT_NAMES, type SplitName } from '../dataset/types.ts';
import { foalConfig } from '../foal/config.ts';
import { type HeldOut, LEAST_AREA, partsOf, scoreBoxes, scoreHeldOut, tryModel } from '../foal/evaluate.ts';
import { drawImages, openSupply } from '../foal/supply.ts';
import { FOAL_DEFAULTS, FOAL_FILE, foalTask } from '../foal/task.ts';
import { readFoal } from '../foal/weights.ts';
import { chooseCompute, type DeviceSetting } from '../machine/choose.ts';
import type { Mask } from '../masks/mask.ts';
import { thisEnvironment } from '../models/environment.ts';
import { chooseModel, modelPath, preprocessingOf, verifyModel } from '../models/resolve.ts';
import { acquireLock } from '../pipeline/lock.ts';
import { type PromptedLog, trainPrompted } from '../prompted/train.ts';
import { loadSamCheckpoint } from '../sam/checkpoint.ts';
import { samName } from '../sam/config.ts';
import { SamPredictor } from '../sam/predictor.ts';
import { type ActionContext, type ActionResult, defineAction } from './action.ts';
import { positive, whole } from './numbers.ts';
import { formatDuration } from './progress.ts';
import { collect, deviceOption } from './source.ts';

/** Images of each source, and objects of each, that are measured during a training. */
const MEASURED_IMAGES = 12;
const MEASURED_OBJECTS = 12;

const ABOUT_TRAINING = `
Every image is drawn anew: scenes of bones, teeth, cells, tubes and other shapes, without end, and with --data random
views of your own images. A data folder has images and, in instances/, a PNG for each in which pixel k belongs to the
k-th object. A fifth of its images is held out and only measured, as are scenes, and folders of --measure, which show how
a model does on images of kinds that it never saw (of a data set its val images): log.jsonl has the mean Dice of each from
true boxes, twenty times, on up to ${MEASURED_IMAGES} images. Objects are asked for by boxes and points in three rounds, each after the first with a point
where the last answer was wrong.

A training that was stopped goes on where it was when the same command is given again. It ends in ${FOAL_FILE}, which
--model takes everywhere. The input of the network is smaller in training (--size) than in use (1024 px).`;

const ABOUT_MEASURING = `
Every object is asked for by its own tight box. The ellipse that fills the same box is what a model must beat. The
folder is one of instances (as for \`packmule foal train\`), or a data set of Packmule with class masks.`;

/** By which the images of a folder that is only measured are drawn. */
const MEASURED_SEED = 0;
/** Of a view's objects, px. */
const SMALLEST_AREA = 30;

export function foalCommand(): Command {
  const command = new Command('foal').description('train and measure Foal, our own small Segment Anything');
  command.addCommand(trainCommand());
  command.addCommand(evaluateCommand());
  return command;
}

interface TrainOptions {
  readonly out: string;
  readonly data: readonly string[];
  readonly measure: readonly string[];
  readonly scenes: boolean;
  readonly minutes: number;
  readonly steps?: number;
  readonly size: number;
  readonly batch: number;
  readonly prompts: number;
  readonly learningRate: number;
  readonly seed: number;
  readonly from?: string;
  readonly device?: DeviceSetting;
}

function trainCommand(): Command {
  const command = new Command('train')
    .description('train a Foal, on scenes and on folders of instance masks')
    .requiredOption('--out <folder>', 'where the log, the checkpoint and the model go')
    .option('--data <folder>', 'a folder of instance masks; may be given again', collect, [])
    .option(
      '--measure <folder>',
      'one that is only measured in training, or a data set with val/; may be given again',
      collect,
      [],
    )
    .option('--no-scenes', 'learn from --data alone')
    .option('--minutes <count>', 'how long; the first steps are timed', positive, 60)
    .option('--steps <count>', 'how long, in place of --minutes', whole(1))
    .option('--size <px>', "side of the network's square input in training, a multiple of 32", whole(1), 512)
    .option('--batch <images>', 'images of a step', whole(1), FOAL_DEFAULTS.batch)
    .option('--prompts <count>', 'prompts of each image', whole(1), FOAL_DEFAULTS.prompts)
    .option('--learning-rate <rate>', 'peak of AdamW', positive, FOAL_DEFAULTS.learningRate)
    .option('--seed <number>', 'of all that is drawn', whole(0), 0)
    .option('--from <file>', 'go on from the weights of a Foal instead of fresh ones')
    .addOption(deviceOption())
    .addHelpText('after', ABOUT_TRAINING);
  return defineAction(
    command,
    [
      'packmule foal train --out runs/foal --minutes 240',
      'packmule foal train --out runs/foal --data cells --data teeth-instances --steps 20000 --device cuda',
      'packmule foal train --out runs/foal --data cells --measure teeth-instances --measure wrist-instances',
      `packmule foal train --out runs/foal-2 --from runs/foal/${FOAL_FILE} --size 768 --minutes 60`,
    ],
    train,
  );
}

async function train(context: ActionContext, options: TrainOptions): Promise<ActionResult> {
  const { observer, signal } = context;
  const { size, batch, prompts, learningRate, seed } = options;
  if (size % 32 !== 0) {
    throw new ConfigError({
      seen: `--size is ${size}`,
      need: 'A multiple of 32 px, by which the coarsest features are made',
      fix: `Take ${Math.max(32, 32 * Math.round(size / 32))}`,
    });
  }
  const config = foalConfig(size);
  const start = options.from === undefined ? undefined : await readFoal(resolve(options.from), config);
  const { sources, heldOut } = await openSources(options);
  const compute = await chooseCompute(options.device ?? 'auto', observer.note, { signal });
  const directory = resolve(options.out);
  const release = await acquireLock(join(directory, 'lock'));
  const started = performance.now();
  observer.stageStarted('foal', 'Training Foal');
  try {
    const curve = await trainPrompted({
      task: foalTask({
        ...{ config, batch, prompts, seed },
        imageAt: openSupply({ sources, config, count: prompts, seed }),
        data: sources.map(({ name }) => name),
        ...(start && { start }),
      }),
      length: options.steps === undefined ? { minutes: options.minutes } : { steps: options.steps },
      learningRate,
      schedule: FOAL_DEFAULTS.schedule,
      measure: (weights) =>
        tryModel({ name: samName(config), config, weights }, compute, (model) =>
          scoreHeldOut(model, heldOut),
        ),
      directory,
      onLog: (log, secondsLeft) => observer.progress(log.step / log.steps, describe(log), secondsLeft),
      onNote: observer.note,
      signal,
      ...compute,
    });
    observer.stageFinished('foal', (performance.now() - started) / 1000);
    const last = curve.at(-1)!;
    const model = join(options.out, FOAL_FILE);
    return {
      text: `${last.steps} steps in ${formatDuration(last.seconds)}; ${describe(last)}\nModel: ${model}`,
      json: { model, steps: last.steps, seconds: last.seconds, iou: last.iou, dice: last.dice ?? null },
    };
  } finally {
    await release();
  }
}

function describe({ loss, iou, dice = {} }: PromptedLog): string {
  const measured = Object.entries(dice).map(([name, value]) => `Dice ${percent(value)} on ${name}`);
  return [`loss ${loss.toFixed(3)}`, `IoU ${percent(iou)}`, ...measured].join(', ');
}

const percent = (value: number | null): string => (value === null ? '-' : (100 * value).toFixed(1));

async function openSources({
  data,
  measure,
  scenes,
  size,
}: TrainOptions): Promise<{ sources: InstanceSource[]; heldOut: HeldOut[] }> {
  if (!scenes && data.length === 0) {
    throw new ConfigError({
      seen: 'There are neither scenes nor a folder to learn from',
      need: 'At least one source of images',
      fix: 'Leave out --no-scenes, or give --data FOLDER',
    });
  }
  requireNotLearnt(measure, data);
  const square = { height: size, width: size };
  const sources: InstanceSource[] = [];
  const heldOut: HeldOut[] = [];
  for (const folder of data) {
    const cases = await readInstanceFolder(folder);
    const parts = partsOf(cases);
    const name = basename(resolve(folder));
    sources.push(folderSource(name, parts.train, square, SMALLEST_AREA));
    if (parts.heldOut.length > 0) {
      const images = parts.heldOut.slice(0, MEASURED_IMAGES).map((item) => readInstanceCase(item));
      heldOut.push(measured(name, await Promise.all(images)));
    }
  }
  if (scenes) {
    const source = sceneSource(square);
    // Two turns: scenes are all different, and the only radiographs where the folders show something else.
    sources.push(source, source);
    heldOut.push(measured(source.name, await drawImages(source, MEASURED_IMAGES)));
  }
  for (const folder of measure) {
    const name = basename(resolve(folder));
    const isTaken = heldOut.some((other) => other.name === name);
    heldOut.push(measured(isTaken ? resolve(folder) : name, await imagesToMeasure(folder)));
  }
  return { sources, heldOut };
}

/** Some images of instance masks, or of the val images of a data set: those of its test are for the end. */
async function imagesToMeasure(folder: string): Promise<InstanceImage[]> {
  const some = <T>(cases: readonly T[]): T[] =>
    holdOut(cases, Math.min(1, MEASURED_IMAGES / cases.length), MEASURED_SEED).heldOut;
  if (existsSync(join(folder, 'instances'))) {
    return Promise.all(some(await readInstanceFolder(folder)).map((item) => readInstanceCase(item)));
  }
  const val = casesOf(await openDataset({ root: resolve(folder) }), 'val');
  const cases = val.filter(({ structures = [] }) => structures.length > 0);
  if (cases.length === 0) {
    throw new ConfigError({
      seen: `${folder} has neither instance masks nor val images with masks`,
      need: 'A folder with images/ and instances/, or a data set with val/',
      fix: 'Name another folder, or leave out --measure',
    });
  }
  const images: InstanceImage[] = [];
  for await (const image of instancesOfCases(some(cases))) images.push(image);
  return images;
}

function requireNotLearnt(measure: readonly string[], data: readonly string[]): void {
  const learnt = new Set(data.map((folder) => resolve(folder)));
  const both = measure.find((folder) => learnt.has(resolve(folder)));
  if (both === undefined) return;
  throw new ConfigError({
    seen: `${both} is given as --data and as --measure`,
    need: 'Folders to learn from, and others that are only measured',
    fix: 'Leave it out of --measure: a fifth of the images of --data is held out and measured anyway',
  });
}

function measured(name: string, images: readonly InstanceImage[]): HeldOut {
  const few = images.map(({ image, objects }) => ({ image, objects: someOf(objects) }));
  return { name, images: few };
}

/** Up to so many, from all over the list: a data set's are in the order of their classes. */
function someOf(objects: readonly Mask[]): Mask[] {
  const step = Math.max(1, objects.length / MEASURED_OBJECTS);
  const count = Math.min(objects.length, MEASURED_OBJECTS);
  return Array.from({ length: count }, (_, i) => objects[Math.floor(i * step)]!);
}

interface EvaluateOptions {
  readonly data: string;
  readonly heldOut?: boolean;
  readonly split?: SplitName;
  readonly minArea: number;
  readonly device?: DeviceSetting;
}

function evaluateCommand(): Command {
  const command = new Command('evaluate')
    .description('measure a promptable model by mean Dice from true boxes, beside the filled ellipse')
    .argument('<model>', 'a Foal or any SAM: a file, a folder, or a name of `packmule models`')
    .requiredOption('--data <folder>', 'instance masks, or a data set with class masks')
    .option('--held-out', 'of instance masks only the images that `packmule foal train` holds out')
    .addOption(new Option('--split <name>', 'of a data set only this part').choices(SPLIT_NAMES))
    .option('--min-area <px>', 'leave out smaller objects', whole(1), LEAST_AREA)
    .addOption(deviceOption())
    .addHelpText('after', ABOUT_MEASURING);
  return defineAction(
    command,
    [
      `packmule foal evaluate runs/foal/${FOAL_FILE} --data cells --held-out`,
      'packmule foal evaluate sam-vit-b --data teeth --split val --json',
    ],
    evaluate,
  );
}

async function evaluate(
  context: ActionContext,
  nameOrPath: string,
  options: EvaluateOptions,
): Promise<ActionResult> {
  const { observer, signal } = context;
  const chosen = await chooseModel(nameOrPath);
  const { count, images } = await openImages(options);
  const file = await modelPath(chosen, { ...context, environment: thisEnvironment() });
  await verifyModel(chosen, file);
  const compute = await chooseCompute(options.device ?? 'auto', observer.note, { signal });
  const preprocessing = preprocessingOf(chosen);
  const model = new SamPredictor(await loadSamCheckpoint(file), { preprocessing, ...compute });
  const started = performance.now();
  observer.stageStarted('foal', `Measuring ${model.name}`);
  try {
    const score = await scoreBoxes(model, images, {
      leastArea: options.minArea,
      onImage: (done) => observer.progress(done / count, `${done} of ${count} images`),
      signal,
    });
    observer.stageFinished('foal', (performance.now() - started) / 1000);
    return {
      text: [
        `${score.objects} objects of ${options.minArea} px or more in ${score.images} images`,
        `Dice from true boxes: ${percent(score.dice)} (${model.name})`,
        `The filled ellipse:   ${percent(score.ellipseDice)}`,
      ].join('\n'),
      json: { model: model.name, leastArea: options.minArea, ...score },
    };
  } finally {
    await model.close();
  }
}

async function openImages({
  data,
  heldOut = false,
  split,
}: EvaluateOptions): Promise<{ count: number; images: AsyncIterable<InstanceImage> }> {
  if (existsSync(join(data, 'instances'))) {
    const cases = await readInstanceFolder(data);
    const chosen = heldOut ? partsOf(cases).heldOut : cases;
    return { count: chosen.length, images: readCases(chosen) };
  }
  const { cases } = await openDataset({ root: resolve(data) });
  const chosen = cases.filter(
    (item) => item.structures !== undefined && (split === undefined || item.split === split),
  );
  return { count: chosen.length, images: instancesOfCases(chosen) };
}

async function* readCases(cases: readonly InstanceCase[]): AsyncGenerator<InstanceImage> {
  for (const item of cases) yield await readInstanceCase(item);
}
