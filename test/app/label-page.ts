/** @file The label page of a folder, in a browser, for each test of a file; what it complains about fails the test. */
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { writePhantomDataset } from '../../src/dataset/phantom/write.ts';
import { decodeRle, rleFromString } from '../../src/masks/rle.ts';
import type { Decision } from '../../src/review/decision.ts';
import { readDecisions } from '../../src/review/decision-journal.ts';
import { type Running, startLabelling } from '../../src/server/serve.ts';
import { smallRoomModel } from '../sam/fixtures.ts';
import { temporaryFolder } from '../temporary.ts';
import { closeTabs, drawn, launchBrowser, openTab } from './chromium.ts';

/** Of each image. */
export const SIZE = { height: 480, width: 400 };

export interface LabelPage {
  /** Six images without a class or mask: new ones for each test. */
  folder(): string;
  /** The address of the page, whose server is started where it is not running. */
  url(): Promise<string>;
  /** A new tab that shows nothing yet. */
  tab(): Promise<Page>;
  /** A new tab with the page, its image drawn. */
  open(url?: string): Promise<Page>;
  /** What the folder keeps of drawings. */
  journal(): Promise<readonly Decision[]>;
  /** Pixels of the first class that was drawn. */
  firstMask(): Promise<Uint8Array>;
  /** Complaints that were to be expected. */
  forgive(pattern: RegExp): void;
}

export function useLabelPage(): LabelPage {
  let browser: Browser;
  let phantoms: string;
  let folder: string;
  let noise: string[];
  let running: Running | undefined;
  beforeAll(async () => {
    browser = await launchBrowser();
    phantoms = await temporaryFolder();
    const counts = { labelled: 1, val: 0, test: 0, unlabelled: 6 };
    await writePhantomDataset(phantoms, { seed: 3, classes: 10, size: SIZE, counts });
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    noise = [];
    folder = join(await temporaryFolder(), 'hands');
    await mkdir(folder);
    await cp(join(phantoms, 'unlabelled', 'images'), join(folder, 'images'), { recursive: true });
  });
  afterEach(async (context) => {
    await closeTabs(browser, context);
    await running?.close();
    running = undefined;
    expect(noise).toEqual([]);
  });

  async function url(): Promise<string> {
    running ??= await startLabelling({
      data: { root: folder },
      run: undefined,
      reviewer: 'ada',
      port: 0,
      model: smallRoomModel,
      note: (text) => noise.push(`defect: ${text}`),
    });
    return running.url;
  }
  const journal = () => readDecisions(join(folder, '.packmule', 'masks.jsonl'));
  return {
    folder: () => folder,
    url,
    tab: async () => openTab(browser, await url(), noise),
    open: async (address) => {
      const at = address ?? (await url());
      const page = await openTab(browser, at, noise, { colorScheme: 'dark' });
      await page.goto(at);
      await drawn(page);
      return page;
    },
    journal,
    firstMask: async () => {
      const [first] = await journal();
      return decodeRle(rleFromString(first!.counts!, SIZE)).data;
    },
    forgive: (pattern) => {
      noise = noise.filter((line) => !pattern.test(line));
    },
  };
}

export async function addClass(page: Page, name: string): Promise<void> {
  await page.getByLabel('New class').fill(name);
  await page.keyboard.press('Enter');
  await page.locator('.classes .is-current .name', { hasText: name }).waitFor();
}

/** Waits until the class that is drawn has a mask, and all of it is on the disk. */
export async function saved(page: Page): Promise<void> {
  await page.locator('.classes .is-current .state', { hasText: 'drawn' }).waitFor();
  await page.locator('.save', { hasText: 'All saved' }).waitFor();
}

/** Waits for the order in which images are suggested: before it comes the list is in that of the folder. */
export const suggested = (page: Page): Promise<void> =>
  page.locator('.count', { hasText: 'the most useful first' }).waitFor();

export async function goTo(page: Page, file: string): Promise<void> {
  await page.locator('.item', { hasText: file }).click();
  await drawn(page);
}

export const fileOnPage = (page: Page): Promise<string> => page.locator('.about .file').innerText();
