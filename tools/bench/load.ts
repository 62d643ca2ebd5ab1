/**
 * @file Time and memory of a whole run on many phantoms: every part in a process of its own. Images are small, and
 * Foal encodes them at 256 px, so that it is the number of images that is measured.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { writePhantomDataset } from '../../src/dataset/phantom/write.ts';
import type { LoadFigures, LoadTask } from './load-stage.ts';

export interface LoadBenchOptions {
  readonly images: number;
  readonly classes: number;
  /** Height and width in px. */
  readonly size: readonly [number, number];
  readonly threads: number;
  /** The model that refines. */
  readonly checkpoint: string;
}

type LoadBenchResult = Readonly<Record<string, number>>;

/** Images that are not in the pool. */
const HELD = { labelled: 12, val: 4, test: 4 };

const ENCODED_PX = 256;

/**
 * Seconds for 1,000 images by stage; by process, seconds of all cores and peak memory in GB; what the report is like.
 * Each process but the first checks the data too.
 */
export async function benchLoad(options: LoadBenchOptions): Promise<LoadBenchResult> {
  const folder = await mkdtemp(join(tmpdir(), 'packmule-load-'));
  try {
    await prepare(folder, options);
    const settings = settingsOf(folder, options);
    const run = join(folder, 'runs', 'load');
    const result: Record<string, number> = {};
    for (const until of ['check', 'initial', 'predict', 'trust', 'final', 'report'] as const) {
      const { seconds, cpuSeconds, memoryGb } = await doPart({ settings, folder: run, until });
      for (const [stage, s] of Object.entries(seconds)) {
        result[`${stage}_s_per_1000`] = Number(((1000 * s) / options.images).toFixed(2));
      }
      result[`until_${until}_cpu_s`] = Number(cpuSeconds.toFixed(1));
      result[`until_${until}_gb`] = memoryGb;
    }
    const report = join(run, 'report.html');
    result.report_mb = Number(((await stat(report)).size / 1e6).toFixed(2));
    const opened = await secondsToOpen(report);
    return { ...result, ...(opened !== undefined && { report_opens_s: opened }) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function prepare(folder: string, { images, classes, size, checkpoint }: LoadBenchOptions) {
  const [height, width] = size;
  const held = HELD.labelled + HELD.val + HELD.test;
  await writePhantomDataset(join(folder, 'data'), {
    seed: 1,
    classes,
    size: { height, width },
    counts: { ...HELD, unlabelled: Math.max(1, images - held) },
  });
  // The weights are the same for every size of input; a config.json beside them tells it.
  await mkdir(join(folder, 'foal'));
  await copyFile(checkpoint, join(folder, 'foal', 'model.safetensors'));
  const config = { model_type: 'sam', vision_config: { image_size: ENCODED_PX } };
  await writeFile(join(folder, 'foal', 'config.json'), JSON.stringify(config));
}

/** Little training, the same for every number of images. */
function settingsOf(folder: string, { threads }: LoadBenchOptions): LoadTask['settings'] {
  const network = { epochs: 4, samplesPerEpoch: 48, base: 8, levels: 4 };
  return {
    name: 'load',
    data: { root: join(folder, 'data') },
    training: network,
    refine: { refiner: 'foal', adaptSteps: 0, ensemble: { jitters: 1 } },
    sam: { model: join(folder, 'foal') },
    trust: { folds: 2, networks: 1, epochs: 1 },
    device: 'cpu',
    threads,
  };
}

async function doPart(task: LoadTask): Promise<LoadFigures> {
  const script = fileURLToPath(new URL('load-stage.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(task)]);
  return JSON.parse(stdout) as LoadFigures;
}

/** Until a browser has drawn the page; undefined where there is no Chromium. */
async function secondsToOpen(path: string): Promise<number | undefined> {
  const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) return undefined;
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const page = await browser.newPage();
    const start = performance.now();
    await page.goto(pathToFileURL(path).href, { waitUntil: 'load' });
    await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))');
    return Number(((performance.now() - start) / 1000).toFixed(2));
  } finally {
    await browser.close();
  }
}
