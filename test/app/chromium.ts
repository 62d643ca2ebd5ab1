/** @file A page of ours in a real browser: opened, waited for, looked at; what it complains about is noise. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { PACKAGE_FOLDER } from '../../src/base/version.ts';

const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

/** Why there is no browser, the end of a title; empty where there is one. */
export const whyNoBrowser = existsSync(CHROMIUM)
  ? ''
  : ` (skipped: no Chromium at ${CHROMIUM}; install it or set CHROMIUM_PATH)`;

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
  });
}

/** A new tab; requests to others than `url`, and what it says or fails at, go to `noise`. */
export async function openTab(
  browser: Browser,
  url: string,
  noise: string[],
  options: BrowserContextOptions = {},
): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  // How long a machine takes is for the test runner to judge.
  page.setDefaultTimeout(0);
  page.on('request', (request) => {
    const asked = request.url();
    if (!asked.startsWith(url) && !asked.startsWith('data:')) noise.push(`request: ${asked}`);
  });
  page.on('console', (message) => noise.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => noise.push(`error: ${error.message}`));
  return page;
}

/** Waits for an image on the canvas and for the frame that shows the last change. */
export async function drawn(page: Page): Promise<void> {
  await page.locator('canvas').waitFor();
  await page.locator('.loading').waitFor({ state: 'detached' });
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
}

/** A place of the image on the page. */
export async function onPage(page: Page, x: number, y: number): Promise<[number, number]> {
  return (await page.evaluate(`(() => {
    const canvas = document.querySelector('canvas');
    const [scale, left, top] = canvas.dataset.viewport.split(' ').map(Number);
    const box = canvas.getBoundingClientRect();
    return [box.left + (left + (${x} + 0.5) * scale) / devicePixelRatio, box.top + (top + (${y} + 0.5) * scale) / devicePixelRatio];
  })()`)) as [number, number];
}

/** Colours [red, green, blue] at places of the image. */
export async function coloursAt(
  page: Page,
  places: readonly (readonly [number, number])[],
): Promise<number[][]> {
  return (await page.evaluate(`(() => {
    const canvas = document.querySelector('canvas');
    const [scale, x, y] = canvas.dataset.viewport.split(' ').map(Number);
    const copy = document.createElement('canvas');
    [copy.width, copy.height] = [canvas.width, canvas.height];
    const context = copy.getContext('2d', { willReadFrequently: true });
    context.drawImage(canvas, 0, 0);
    return ${JSON.stringify(places)}.map(([px, py]) => [...context.getImageData(
      Math.round(x + (px + 0.5) * scale), Math.round(y + (py + 0.5) * scale), 1, 1).data].slice(0, 3));
  })()`)) as number[][];
}

/** Draws with the chosen tool along points of the image. */
export async function dragOver(page: Page, points: readonly (readonly [number, number])[]): Promise<void> {
  const [first, ...rest] = points;
  await page.mouse.move(...(await onPage(page, ...first!)));
  await page.mouse.down();
  for (const point of rest) await page.mouse.move(...(await onPage(page, ...point)), { steps: 4 });
  await page.mouse.up();
}

/** A picture for the docs, which shows phantoms alone. */
export function picture(page: Page, name: string): Promise<unknown> {
  return page.screenshot({ path: join(PACKAGE_FOLDER, 'dist', 'screenshots', `${name}.png`) });
}
