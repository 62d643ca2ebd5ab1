/**
 * @file How fluent the page is on a large image, in Chromium: time between frames while a hand moves, zooms, windows and
 * paints, and from a click or box of smart edit to the frame that shows the mask. Frames come as fast as they are done and not
 * with those of a screen, so that what is left below 16.7 ms shows.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { writePhantomDataset } from '../../src/dataset/phantom/write.ts';
import { encodeSafetensors } from '../../src/tensor/safetensors.ts';
import { quantile } from './figures.ts';
import { randomSam, type SamSize } from './sam-models.ts';

export interface PageBenchOptions {
  /** Height and width in px. */
  readonly size: readonly [number, number];
  readonly classes: number;
  /** Frames of each movement. */
  readonly frames: number;
  /** Of smart edit, and as many boxes. */
  readonly clicks: number;
  /** Segment Anything of this size with random weights, or the weights of a file; without either, Foal. */
  readonly model: SamSize | undefined;
  readonly checkpoint: string | undefined;
}

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

/** A movement: what the pointer does with `canvas`, its middle `x`, `y` and the share `t` of the way that is behind it. */
interface Movement {
  readonly key: string;
  /** Pressed while it goes on; absent where nothing is. */
  readonly button?: 'left' | 'right';
  readonly each: string;
}

const move = (dx: string, dy: string): string =>
  `canvas.dispatchEvent(new PointerEvent('pointermove', { pointerId: 1, bubbles: true, clientX: x + ${dx}, clientY: y + ${dy} }))`;
const MOVEMENTS: Readonly<Record<string, Movement>> = {
  zoom: {
    key: 'v',
    each: `canvas.dispatchEvent(new WheelEvent('wheel', { bubbles: true, cancelable: true, clientX: x, clientY: y, deltaY: t < 0.5 ? -40 : 40 }))`,
  },
  pan: { key: 'v', button: 'left', each: move('250 * Math.sin(9 * t)', '250 * Math.sin(7 * t)') },
  window: { key: 'v', button: 'right', each: move('120 * Math.sin(9 * t)', '120 * Math.sin(7 * t)') },
  brush: { key: 'b', button: 'left', each: move('300 * Math.sin(9 * t)', '250 * Math.sin(7 * t)') },
};
/** From the open image to the first movement. */
const LOOK_MS = 1000;
/** Steps closer than the whole image: seen from afar, and pixel by pixel. */
const VIEWS = { whole: 0, close: 6 };

/** Milliseconds: of frames their median and 95th percentile, of smart edit the same of all clicks. */
export async function benchPage(options: PageBenchOptions): Promise<Record<string, number>> {
  const folder = await mkdtemp(join(tmpdir(), 'packmule-page-'));
  try {
    const [height, width] = options.size;
    const counts = { labelled: 1, val: 0, test: 0, unlabelled: 0 };
    await writePhantomDataset(folder, {
      seed: 1,
      classes: options.classes,
      size: { height, width },
      bits: 16,
      counts,
    });
    return await measure(folder, options, await modelArguments(folder, options));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** As a user names a model of his own; nothing for the shipped one. */
async function modelArguments(
  folder: string,
  { model, checkpoint }: PageBenchOptions,
): Promise<readonly string[]> {
  if (checkpoint !== undefined) return ['--model', checkpoint];
  if (model === undefined) return [];
  const path = join(folder, 'sam.safetensors');
  await writeFile(path, encodeSafetensors(randomSam(model).weights));
  return ['--model', path];
}

async function measure(
  folder: string,
  { frames, clicks }: PageBenchOptions,
  more: readonly string[],
): Promise<Record<string, number>> {
  const { chromium } = await import('playwright-core');
  const { child, url } = await startLabelling(folder, more);
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-frame-rate-limit'],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    const figures: Record<string, number> = {};
    const start = performance.now();
    await page.goto(url);
    await page.getByLabel('Images').locator('select').selectOption('all');
    await page.locator('.item').first().click();
    await page.locator('.loading').waitFor({ state: 'detached' });
    figures.opens_ms = rounded(performance.now() - start);
    // Who looks at an image looks before he moves it.
    await page.waitForTimeout(LOOK_MS);
    for (const [view, steps] of Object.entries(VIEWS)) {
      for (const [name, movement] of Object.entries(MOVEMENTS)) {
        await page.keyboard.press('0');
        for (let i = 0; i < steps; i++) await page.keyboard.press('+');
        const times = await framesOf(page, movement, frames);
        figures[`${name}_${view}_p50_ms`] = rounded(quantile(times, 0.5));
        figures[`${name}_${view}_p95_ms`] = rounded(quantile(times, 0.95));
      }
    }
    for (const kind of ['click', 'box'] as const) {
      const { waits, server } = await smartTimes(page, kind, clicks);
      figures[`smart_${kind}_p50_ms`] = rounded(quantile(waits, 0.5));
      figures[`smart_${kind}_p95_ms`] = rounded(quantile(waits, 0.95));
      figures[`smart_${kind}_server_p50_ms`] = rounded(quantile(server, 0.5));
    }
    return figures;
  } finally {
    await browser.close();
    child.kill('SIGINT');
    await new Promise((done) => child.on('close', done));
  }
}

const rounded = (value: number): number => Number(value.toFixed(1));

/** The server as a user starts it, in a process of its own. */
async function startLabelling(
  folder: string,
  more: readonly string[],
): Promise<{ readonly child: ChildProcessWithoutNullStreams; readonly url: string }> {
  const child = spawn(process.execPath, [MAIN, 'label', join(folder, 'labelled'), '--no-open', ...more]);
  const url = await new Promise<string>((done, fail) => {
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const found = /Labels: (http:\S+)/.exec(said)?.[1];
      if (found !== undefined) done(found);
    });
    child.on('close', () => fail(new Error(said)));
  });
  return { child, url };
}

/** Milliseconds between the frames of a movement, each of which changes what is seen. */
async function framesOf(
  page: Page,
  { key, button, each }: Movement,
  frames: number,
): Promise<readonly number[]> {
  await page.keyboard.press(key);
  const box = (await page.locator('canvas').boundingBox())!;
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  if (button !== undefined) await page.mouse.down({ button });
  const times = (await page.evaluate(`new Promise((done) => {
    const canvas = document.querySelector('canvas');
    const [x, y] = [${x}, ${y}];
    const times = [];
    let [i, last] = [0, performance.now()];
    const frame = () => {
      const now = performance.now();
      times.push(now - last);
      last = now;
      if (i === ${frames}) return done(times);
      const t = i++ / ${frames};
      ${each};
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  })`)) as number[];
  if (button !== undefined) await page.mouse.up({ button });
  await page.locator('.save', { hasText: 'All saved' }).waitFor();
  // The first ones wait for what came before.
  return times.slice(5);
}

interface SmartTimes {
  /** Milliseconds from the release of the button to the frame after the one that draws the answer. */
  readonly waits: readonly number[];
  /** Those of them until the server has answered. */
  readonly server: readonly number[];
}

async function smartTimes(page: Page, kind: 'click' | 'box', count: number): Promise<SmartTimes> {
  await page.keyboard.press('0');
  await page.keyboard.press('w');
  const box = (await page.locator('canvas').boundingBox())!;
  const waits: number[] = [];
  const server: number[] = [];
  // The first one waits for the image to be encoded.
  for (let i = 0; i <= count; i++) {
    await page.keyboard.press('w');
    // There before the click: what is not waited for might come after it.
    await page.evaluate(`globalThis.answered = new Promise((done) => {
      const ground = document.querySelector('.ground');
      addEventListener('pointerup', () => {
        const start = performance.now();
        let hasAsked = false;
        new MutationObserver((_, observer) => {
          const isAsking = ground.querySelector('.badge') !== null;
          hasAsked ||= isAsking;
          if (isAsking || !hasAsked) return;
          observer.disconnect();
          requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));
        }).observe(ground, { childList: true, subtree: true });
      }, { once: true, capture: true });
    }); 0`);
    await page.evaluate('performance.clearResourceTimings()');
    const turn = (2 * Math.PI * i) / count;
    const [x, y] = [
      box.x + box.width * (0.5 + 0.15 * Math.cos(turn)),
      box.y + box.height * (0.5 + 0.3 * Math.sin(turn)),
    ];
    const half = kind === 'box' ? 0.08 * box.height : 0;
    await page.mouse.move(x - half, y - half);
    await page.mouse.down();
    await page.mouse.move(x + half, y + half);
    await page.mouse.up();
    const wait = (await page.evaluate('answered')) as number;
    const answer = (await page.evaluate(
      `performance.getEntriesByType('resource').find(({ name }) => name.endsWith('/segment')).duration`,
    )) as number;
    if (i > 0) {
      waits.push(wait);
      server.push(answer);
    }
    await page.locator('.save', { hasText: 'All saved' }).waitFor();
  }
  return { waits, server };
}
