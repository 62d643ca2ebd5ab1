/** @file A page of ours in a real browser: opened, waited for, looked at; what it complains about is noise. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { TestContext } from 'vitest';
import { PACKAGE_FOLDER } from '../../src/base/version.ts';

const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

/** Each answer of the server waits for up to this long, ms: a test that then fails has found a race. */
const SLOWEST_MS = Number(process.env.SLOW_ANSWERS_MS ?? 0);

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

/** What is polled for may take its time: how long a machine takes is for the test runner to judge. */
export const PATIENT = { timeout: 200_000 };

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
  if (SLOWEST_MS > 0) await answerSlowly(page);
  page.on('request', (request) => {
    const asked = request.url();
    if (!asked.startsWith(url) && !asked.startsWith('data:')) noise.push(`request: ${asked}`);
  });
  page.on('console', (message) => noise.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => noise.push(`error: ${error.message}`));
  return page;
}

async function answerSlowly(page: Page): Promise<void> {
  await page.route(/\/api\/(?!.*events$)/, async (route) => {
    await sleep(Math.random() * SLOWEST_MS);
    // A page may have been closed meanwhile.
    await route.fallback().catch(() => undefined);
  });
}

/** Closes all tabs after a test; of one that failed, says what they showed. */
export async function closeTabs(browser: Browser, { task }: TestContext): Promise<void> {
  for (const context of browser.contexts()) {
    for (const page of task.result?.state === 'fail' ? context.pages() : []) {
      const text = await page.evaluate('document.body.innerText').catch(String);
      console.error(`${task.name}: ${page.url()} showed\n${text}`);
    }
    await context.close();
  }
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

/**
 * Texts of the page whose contrast to their ground is below WCAG 2.2 AA (4.5 : 1, large ones 3 : 1), as they are with
 * all transparency, and fields whose border is below 3 : 1; what is disabled or not to be seen is left out.
 */
async function lowContrast(page: Page): Promise<string[]> {
  return (await page.evaluate(`(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const rgba = (colour) => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
      return [r, g, b, a / 255];
    };
    const over = ([r, g, b, a], ground) => [r, g, b].map((value, i) => value * a + ground[i] * (1 - a));
    const chain = (element) => element === null ? [] : [...chain(element.parentElement), element];
    const groundOf = (element) => chain(element).reduce(
      (ground, one) => over(rgba(getComputedStyle(one).backgroundColor), ground),
      matchMedia('(prefers-color-scheme: dark)').matches ? [18, 18, 18] : [255, 255, 255]);
    const light = (rgb) => {
      const [r, g, b] = rgb.map((value) => value / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ratio = (a, b) => {
      const [high, low] = [light(a), light(b)].sort((x, y) => y - x);
      return (high + 0.05) / (low + 0.05);
    };
    const bad = [];
    for (const element of document.querySelectorAll('body *')) {
      const text = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join(' ').trim();
      const style = getComputedStyle(element);
      const box = element.getBoundingClientRect();
      if (text === '' || box.width < 2 || box.height < 2 || style.visibility === 'hidden') continue;
      if (element.closest('button:disabled, noscript, option, title') !== null) continue;
      const ground = groundOf(element);
      const opacity = chain(element).reduce((product, one) => product * Number(getComputedStyle(one).opacity), 1);
      const [r, g, b, a] = rgba(element instanceof SVGElement ? style.fill : style.color);
      const size = parseFloat(style.fontSize);
      const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      const found = ratio(over([r, g, b, a * opacity], ground), ground);
      if (found < (isLarge ? 3 : 4.5)) bad.push(text.slice(0, 40) + ': ' + found.toFixed(2));
    }
    for (const field of document.querySelectorAll('input[type="text"], input[type="number"], select')) {
      const box = field.getBoundingClientRect();
      if (box.width < 2 || field.disabled) continue;
      const ground = groundOf(field.parentElement);
      const found = ratio(over(rgba(getComputedStyle(field).borderTopColor), ground), ground);
      if (found < 3) bad.push('border of ' + (field.getAttribute('aria-label') ?? field.outerHTML.slice(0, 60)) + ': ' + found.toFixed(2));
    }
    return bad;
  })()`)) as string[];
}

/** lowContrast in both schemes; the page stays in the one that it was in. */
export async function lowContrastInBoth(page: Page): Promise<string[]> {
  const was = (await page.evaluate(`matchMedia('(prefers-color-scheme: dark)').matches`)) ? 'dark' : 'light';
  const bad: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    bad.push(...(await lowContrast(page)).map((text) => `${colorScheme}: ${text}`));
  }
  await page.emulateMedia({ colorScheme: was });
  return bad;
}

/** The names of what Tab goes to, in its order, from the top of the page; `count` of them at most. */
export async function focusOrder(page: Page, count: number): Promise<string[]> {
  await page.evaluate('document.activeElement?.blur()');
  const names: string[] = [];
  for (let i = 0; i < count; i++) {
    await page.keyboard.press('Tab');
    names.push(
      (await page.evaluate(`(() => {
        const { activeElement: at } = document;
        return (at.getAttribute('aria-label') ?? at.labels?.[0]?.innerText ?? at.innerText ?? at.tagName).trim().split('\\n')[0];
      })()`)) as string,
    );
  }
  return names;
}
