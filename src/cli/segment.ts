/** @file `packmule segment`: one object of one image, by box and points. */
import { basename, join } from 'node:path';
import { Command } from 'commander';
import { ConfigError } from '../base/errors.ts';
import type { BoxXyxy } from '../base/geometry.ts';
import { withoutEnding } from '../imaging/file-names.ts';
import { renderOverlay } from '../imaging/overlay.ts';
import { readImage } from '../imaging/read.ts';
import { writeMaskPng, writeRgbPng } from '../imaging/write.ts';
import { chooseCompute, type DeviceSetting } from '../machine/choose.ts';
import { maskArea, maskBox } from '../masks/mask.ts';
import { thisEnvironment } from '../models/environment.ts';
import { chooseModel, modelPath, preprocessingOf, verifyModel } from '../models/resolve.ts';
import { loadSamCheckpoint } from '../sam/checkpoint.ts';
import { SamPredictor } from '../sam/predictor.ts';
import type { Preprocessing } from '../sam/preprocess.ts';
import type { MaskPrompt, PromptPoint } from '../sam/promptable.ts';
import { segmentImage } from '../sam/segment.ts';
import { type ActionContext, type ActionResult, defineAction } from './action.ts';
import { numberOf } from './numbers.ts';
import { collect, deviceOption } from './source.ts';

interface SegmentOptions {
  readonly model: string;
  readonly box?: string;
  readonly point: readonly string[];
  readonly frame?: string;
  readonly output: string;
  readonly preprocessing?: string;
  readonly device?: DeviceSetting;
}

export function segmentCommand(): Command {
  const command = new Command('segment')
    .description('segment one object of an image by box and points, with a Segment Anything checkpoint')
    .argument('<image>', 'a file of any format that docs/formats.md lists')
    .requiredOption(
      '--model <name|path>',
      'a name of `packmule models` (downloaded where it is not here yet), a .pth file, or a folder with config.json and model.safetensors',
    )
    .option('--box <x0,y0,x1,y1>', 'a box around the object, px')
    .option('--point <x,y,inside>', 'a point, px; inside is 1 or 0; may be given again', collect, [])
    .option('--frame <number>', 'which image of a file with several, counted from 1')
    .option('--output <folder>', 'where mask and overlay are written', '.')
    .option(
      '--preprocessing <kind>',
      'how the model was trained to see images: sam or medsam; unless given, as the list of models says',
    )
    .addOption(deviceOption());
  return defineAction(
    command,
    [
      'packmule segment wrist.png --model medsam-vit-b --box 120,80,260,310',
      'packmule segment run.dcm --frame 12 --model mobile-sam --box 120,80,260,310',
      'packmule segment wrist.png --model sam_vit_b.pth --point 190,200,1 --point 100,90,0',
    ],
    segment,
  );
}

async function segment(context: ActionContext, path: string, options: SegmentOptions): Promise<ActionResult> {
  const prompt = parsePrompt(options);
  const kind = options.preprocessing;
  const given = kind === undefined ? undefined : parsePreprocessing(kind);
  const chosen = await chooseModel(options.model);
  const frame = options.frame === undefined ? undefined : parseFrame(options.frame);
  const image = await readImage(path, frame === undefined ? {} : { frame: frame - 1 });
  const file = await modelPath(chosen, { ...context, environment: thisEnvironment() });
  await verifyModel(chosen, file);
  const preprocessing = given ?? preprocessingOf(chosen);
  const compute = await chooseCompute(options.device ?? 'auto', context.observer.note, {
    signal: context.signal,
  });
  const model = new SamPredictor(await loadSamCheckpoint(file), { preprocessing, ...compute });
  try {
    context.signal.throwIfAborted();
    const { mask, predictedIou } = await segmentImage(model, image, prompt);
    const number = frame === undefined ? '' : `#${frame}`;
    const stem = join(options.output, `${withoutEnding(basename(path))}${number}`);
    const [maskPath, overlayPath] = [`${stem}.mask.png`, `${stem}.overlay.png`];
    await writeMaskPng(maskPath, mask);
    const drawn = { masks: [{ classIndex: 0, mask }], prompts: [{ classIndex: 0, ...prompt }] };
    await writeRgbPng(overlayPath, renderOverlay(image, drawn));
    const area = maskArea(mask);
    return {
      text: `${area} px, predicted IoU ${predictedIou.toFixed(3)}\nMask:    ${maskPath}\nOverlay: ${overlayPath}`,
      json: { mask: maskPath, overlay: overlayPath, areaPx: area, box: maskBox(mask) ?? null, predictedIou },
    };
  } finally {
    await model.close();
  }
}

function parsePrompt({ box, point }: SegmentOptions): MaskPrompt {
  const points = point.map(parsePoint);
  if (box === undefined && points.length === 0) {
    throw new ConfigError({
      seen: 'There is neither a box nor a point',
      need: 'At least one of them says which object is meant',
      fix: 'Give --box x0,y0,x1,y1 or --point x,y,1',
    });
  }
  return {
    ...(box !== undefined && { box: parseNumbers(box, '--box', 'x0,y0,x1,y1', 4) as unknown as BoxXyxy }),
    ...(points.length > 0 && { points }),
  };
}

function parsePoint(text: string): PromptPoint {
  const [x, y, inside] = parseNumbers(text, '--point', 'x,y,1 or x,y,0', 3) as [number, number, number];
  if (inside !== 0 && inside !== 1) throw badNumbers(text, '--point', 'x,y,1 or x,y,0');
  return { xy: [x, y], positive: inside === 1 };
}

function parseNumbers(text: string, option: string, form: string, count: number): number[] {
  const numbers = text.split(',').map(numberOf);
  if (numbers.length !== count || !numbers.every(Number.isFinite)) throw badNumbers(text, option, form);
  return numbers;
}

function badNumbers(text: string, option: string, form: string): ConfigError {
  return new ConfigError({
    seen: `${option} is ${text}`,
    need: `Numbers in px of the image, as ${form}`,
    fix: 'Write them with commas and without blanks, such as 120,80,260,310',
  });
}

function parseFrame(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new ConfigError({
    seen: `--frame is ${text}`,
    need: 'The number of an image in the file, counted from 1',
    fix: 'Write it like --frame 12',
  });
}

function parsePreprocessing(text: string): Preprocessing {
  if (text === 'sam' || text === 'medsam') return text;
  throw new ConfigError({
    seen: `--preprocessing is ${text}`,
    need: 'sam or medsam, as the checkpoint was trained',
    fix: 'Leave it out for models that `packmule models` lists',
  });
}
