/** @file Measures speed and memory: `npm run bench -- WHAT [options] [--json]`; with --json, one line on stdout. */
import { join } from 'node:path';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { ConfigError } from '../src/base/errors.ts';
import { PACKAGE_FOLDER } from '../src/base/version.ts';
import { DEVICES, type Device } from '../src/runtime/device.ts';
import { PRECISIONS, type Precision } from '../src/sam/predictor.ts';
import { SAM_SIZES, type SamSize } from './bench/sam-models.ts';
import { runTool } from './exit.ts';

const SHIPPED = join(PACKAGE_FOLDER, 'weights', 'foal.safetensors');

interface Options {
  readonly base: number;
  readonly batch: number;
  readonly threads: number;
  readonly model?: SamSize;
  readonly precision: Precision;
  readonly device: Device;
  /** These have another default for each bench. */
  readonly size?: readonly number[];
  readonly classes?: number;
  readonly repeats?: number;
  readonly checkpoint?: string;
  readonly data: string;
  readonly images?: number;
  readonly frames: number;
  readonly clicks: number;
  readonly run: string;
  readonly masks: number;
  readonly json?: boolean;
}

/** What was measured, after the settings it was measured with. */
type Figures = Readonly<Record<string, string | number | readonly number[]>>;

const BENCHES: Readonly<Record<string, (options: Options) => Promise<Figures>>> = {
  'unet-step': async (options) => {
    const settings = unetSettings(options);
    return { ...settings, ...(await (await import('./bench/unet.ts')).benchUnetStep(settings)) };
  },
  'unet-infer': async (options) => {
    const settings = unetSettings(options);
    return { ...settings, ...(await (await import('./bench/unet.ts')).benchUnetInfer(settings)) };
  },
  'sam-encode': async (options) => {
    const settings = samSettings(options);
    return { ...settings, ...(await (await import('./bench/sam-encode.ts')).benchSamEncode(settings)) };
  },
  'sam-decode': async (options) => {
    const settings = { ...samSettings(options), classes: options.classes ?? 32 };
    return { ...settings, ...(await (await import('./bench/sam-decode.ts')).benchSamDecode(settings)) };
  },
  'sam-read': async ({ repeats = 9 }) => {
    return { repeats, ...(await (await import('./bench/sam-read.ts')).benchSamRead({ repeats })) };
  },
  foal: async ({ checkpoint = SHIPPED, data, images, threads, repeats = 3 }) => {
    const { benchFoal } = await import('./bench/foal.ts');
    const settings = { checkpoint, data, threads, repeats };
    return { ...settings, ...(await benchFoal({ ...settings, images })) };
  },
  load: async ({ images = 500, classes = 4, size, threads, checkpoint = SHIPPED }) => {
    const settings = { images, classes, size: heightAndWidth(size ?? [128, 96]), threads, checkpoint };
    return { ...settings, ...(await (await import('./bench/load.ts')).benchLoad(settings)) };
  },
  page: async ({ size, classes = 10, frames, clicks, model, checkpoint }) => {
    const { benchPage } = await import('./bench/page.ts');
    const settings = { size: heightAndWidth(size ?? [3000, 3000]), classes, frames, clicks };
    return {
      ...settings,
      model: checkpoint ?? model ?? 'foal',
      ...(await benchPage({ ...settings, model, checkpoint })),
    };
  },
  review: async ({ run, masks }) => ({
    run,
    masks,
    ...(await (await import('./bench/review.ts')).benchReview({ run, masks })),
  }),
  'random-walk': async ({ size, classes = 32, repeats = 3 }) => {
    const { benchRandomWalk } = await import('./bench/random-walk.ts');
    const settings = { size: heightAndWidth(size ?? [512, 904]), classes, repeats };
    return { ...settings, ...(await benchRandomWalk(settings)) };
  },
};

function unetSettings({
  base,
  batch,
  threads,
  device,
  size = [384, 224],
  classes = 17,
  repeats = 6,
}: Options) {
  return { base, batch, size: heightAndWidth(size), classes, threads, device, repeats };
}

function samSettings({ model = 'b', precision, threads, device, repeats = 3 }: Options) {
  return { model, precision, threads, device, repeats };
}

function heightAndWidth(size: readonly number[]): readonly [number, number] {
  const [height, width] = size;
  if (height !== undefined && width !== undefined && size.length === 2) return [height, width];
  throw new ConfigError({
    seen: `--size has ${size.length} numbers`,
    need: 'Height and width in px',
    fix: 'Write for example --size 384 224',
  });
}

function whole(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError('It is no whole number from 1.');
}

await runTool(async () => {
  const program = new Command('bench')
    .description('Measure speed and memory of one part of Packmule.')
    .addArgument(new Argument('<what>', 'what is measured').choices(Object.keys(BENCHES)))
    .option('--base <features>', "features of the U-Net's first level", whole, 16)
    .option('--batch <images>', 'images per step', whole, 4)
    .option(
      '--size <height width...>',
      'image size in px (384 224; random-walk 512 904; load 128 96; page 3000 3000)',
      (text, sizes: number[] = []) => [...sizes, whole(text)],
    )
    .option('--classes <count>', 'classes (17; random-walk and sam-decode 32; load 4; page 10)', whole)
    .addOption(new Option('--model <size>', "size of SAM's encoder (b; page: Foal)").choices(SAM_SIZES))
    .addOption(new Option('--precision <type>', "of SAM's products").choices(PRECISIONS).default('float32'))
    .addOption(
      new Option('--device <name>', 'where unet-* and sam-* compute').choices(DEVICES).default('cpu'),
    )
    .option('--threads <count>', 'threads of ONNX Runtime', whole, 2)
    .option('--repeats <count>', 'runs that are timed (unet 6; sam-read 9; others 3)', whole)
    .option('--checkpoint <file>', 'the model that foal, load and page measure (the shipped one)')
    .option('--data <folder>', 'where foal finds teeth/ and nuclei/', '../shared/data')
    .option('--images <count>', 'how many of each set foal measures (all), or images of load (500)', whole)
    .option('--frames <count>', 'frames of each movement of page', whole, 120)
    .option('--clicks <count>', 'clicks of smart edit of page, and boxes', whole, 30)
    .option('--run <folder>', 'finished run over phantoms that review learns from', 'runs/demo')
    .option('--masks <count>', 'masks that review decides', whole, 20)
    .option('--json', 'print one line of JSON')
    .exitOverride()
    .parse();
  const what = program.args[0]!;
  const options = program.opts<Options>();
  const figures = { what, ...(await BENCHES[what]!(options)) };
  process.stdout.write(
    options.json
      ? `${JSON.stringify(figures)}\n`
      : `${Object.entries(figures)
          .map(([name, value]) => `${name}: ${value}`)
          .join('\n')}\n`,
  );
  return 0;
});
