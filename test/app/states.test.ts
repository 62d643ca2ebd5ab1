/** What the pages say where something is missing, empty or broken. */
import { mkdir, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { coco } from '../../src/annotations/coco.ts';
import { writePhantomDataset } from '../../src/dataset/phantom/write.ts';
import type { RunDirectory } from '../../src/pipeline/run-directory.ts';
import { startHouse } from '../../src/server/house.ts';
import type { Running } from '../../src/server/serve.ts';
import { writeFinishedRun } from '../review/finished-run.ts';
import { temporaryFolder } from '../temporary.ts';
import { closeTabs, drawn, launchBrowser, lowContrastInBoth, openTab, whyNoBrowser } from './chromium.ts';

describe.skipIf(whyNoBrowser !== '')(`states of the pages${whyNoBrowser}`, () => {
  let browser: Browser;
  let home: string;
  let project: string;
  let server: Running;
  let noise: string[];

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    noise = [];
    home = await realpath(await temporaryFolder());
    project = join(home, 'project');
    await mkdir(project);
    // A program that fails, whatever it is to do.
    const main = join(home, 'broken.mjs');
    await writeFile(
      main,
      `process.stderr.write('The disk is full.\\nFree some space.\\n'); process.exitCode = 2;`,
    );
    server = await startHouse({
      project,
      userHome: home,
      roots: [home],
      reviewer: 'ada',
      port: 0,
      program: { main },
      modelOf: async () => undefined,
      note: (text) => noise.push(`defect: ${text}`),
    });
  });
  afterEach(async (context) => {
    await closeTabs(browser, context);
    await server.close();
    // The browser tells of every refused request.
    expect(noise.filter((line) => !/Failed to load resource|net::ERR_/.test(line))).toEqual([]);
  });

  async function openPage(path = ''): Promise<Page> {
    const page = await openTab(browser, server.url, noise, { viewport: { width: 1280, height: 800 } });
    await page.goto(server.url + path);
    return page;
  }
  /** Every state is one that people can read. */
  async function legible(page: Page): Promise<void> {
    expect(await lowContrastInBoth(page)).toEqual([]);
  }
  async function lookAt(page: Page, folder: string): Promise<void> {
    await page.getByLabel('Path of the folder').fill(folder);
    await page.keyboard.press('Enter');
  }
  const trouble = (page: Page) => page.locator('.trouble').innerText();
  const writeRun = (): Promise<RunDirectory> => writeFinishedRun(project, { classes: 3, unlabelled: 2 });
  async function review(page: Page): Promise<void> {
    await page.getByRole('link', { name: 'Runs' }).click();
    await page.getByRole('button', { name: 'Review' }).click();
    await page.waitForURL(/room/);
  }

  it('an address with a wrong key says which one is right', async () => {
    const page = await openTab(browser, new URL('/', server.url).href, noise);
    const answer = await page.goto(new URL('/wrong/', server.url).href);
    expect(answer!.status()).toBe(403);
    expect(await page.getByRole('heading').innerText()).toBe(
      'This address has no key, or that of an earlier start.',
    );
    expect(await page.locator('main').innerText()).toContain('Open that address.');
    await legible(page);
  });

  it('a folder without images, one that is not there, and a dropped one with nothing in it', async () => {
    const page = await openPage();
    await mkdir(join(home, 'empty'));
    await lookAt(page, '~/empty');
    await page.locator('.trouble').waitFor();
    expect(await trouble(page)).toContain('There is no image in');
    await legible(page);
    await lookAt(page, '~/nowhere');
    await page.locator('.trouble', { hasText: 'There is no folder' }).waitFor();
    await mkdir(join(home, 'letters'));
    await writeFile(join(home, 'letters', 'letter.docx'), 'Dear Madam');
    await page.locator('input[type=file]').setInputFiles(join(home, 'letters'));
    await page.locator('.trouble', { hasText: 'There are no images in what was dropped' }).waitFor();
    // Another folder can be tried at once.
    expect(await page.locator('.drop').count()).toBe(1);
  });

  it('a folder can be named while the runs are still looked for', async () => {
    const page = await openTab(browser, server.url, noise);
    let named = (): void => {};
    const isNamed = new Promise<void>((resolve) => {
      named = resolve;
    });
    await page.route('**/api/runs', async (route) => {
      await isNamed;
      await route.continue();
    });
    await page.goto(server.url);
    await lookAt(page, '~/nowhere');
    await page.locator('.trouble', { hasText: 'There is no folder' }).waitFor();
    named();
    await page.unrouteAll({ behavior: 'wait' });
  });

  it('a run that fails says why, and can go on', async () => {
    const counts = { labelled: 3, val: 0, test: 1, unlabelled: 2 };
    await writePhantomDataset(join(home, 'hands'), {
      seed: 3,
      classes: 3,
      size: { height: 64, width: 64 },
      counts,
    });
    const page = await openPage();
    await lookAt(page, '~/hands');
    await page.getByText('Every image can be read').waitFor();
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.locator('.title .state', { hasText: 'Failed' }).waitFor();
    expect(await trouble(page)).toContain('The disk is full.');
    expect(await page.getByRole('button', { name: 'Go on' }).isEnabled()).toBe(true);
    expect(await page.getByRole('button', { name: 'Review the masks' }).count()).toBe(0);
    await legible(page);
    await page.getByRole('link', { name: 'Runs' }).click();
    expect(await page.locator('.runs .state').innerText()).toBe('Failed');
    expect(await page.getByRole('button', { name: 'Review' }).isDisabled()).toBe(true);
  });

  it('a run without refined masks has nothing to review yet, and says so', async () => {
    const run = await writeRun();
    await rm(run.path('trust'), { recursive: true });
    const page = await openPage('#runs');
    const button = page.getByRole('button', { name: 'Review' });
    expect([await button.isDisabled(), await button.getAttribute('title')]).toEqual([
      true,
      'It has no masks to review yet',
    ]);
    await legible(page);
  });

  it('a review without a single mask', async () => {
    const run = await writeRun();
    for (const folder of ['refined', 'predicted', 'final'] as const) {
      for (const split of ['unlabelled', 'val', 'test'] as const) {
        const set = await coco.read(run.masks(folder, split));
        const images = set.images.map((image) => ({ ...image, structures: [] }));
        await coco.write!(run.masks(folder, split), { ...set, images });
      }
    }
    const page = await openPage();
    await review(page);
    await page.getByRole('heading', { name: 'There are no masks to review' }).waitFor();
    await legible(page);
    await page.getByRole('link', { name: 'To the start page' }).click();
    await page.locator('.drop').waitFor();
  });

  it('an image that is damaged says so where it would be, and others are shown', async () => {
    await writeRun();
    const images = join(project, 'data', 'unlabelled', 'images');
    const [damaged, sound] = (await readdir(images)).sort();
    const bytes = await readFile(join(images, damaged!));
    await writeFile(join(images, damaged!), bytes.subarray(0, bytes.length / 2));
    const page = await openPage();
    await review(page);
    await page.locator('.item', { hasText: damaged! }).first().click();
    await page.locator('.unshown').waitFor();
    expect(await page.locator('.unshown').innerText()).toContain(damaged!);
    expect(await page.locator('.verdicts .accept').count()).toBe(0);
    await legible(page);
    await page.locator('.item', { hasText: sound! }).first().click();
    await drawn(page);
    expect(await page.locator('.unshown').count()).toBe(0);
    expect(await page.locator('.verdicts .accept').count()).toBe(1);
  });

  it('a review in which all is decided leads to the next round', async () => {
    await writeRun();
    const page = await openPage();
    await review(page);
    await drawn(page);
    for (
      let left = await page.locator('.item').count();
      left > 0;
      left = await page.locator('.item').count()
    ) {
      await drawn(page);
      await page.keyboard.press('Control+Enter');
      await page
        .locator('.item')
        .nth(left - 1)
        .waitFor({ state: 'detached' });
    }
    await page.getByText('Everything is decided.').waitFor();
    await legible(page);
    await page.getByRole('link', { name: 'all runs' }).click();
    await page.getByRole('heading', { name: 'Runs' }).waitFor();
  });

  it('a folder in which all images are done still shows them', async () => {
    await writePhantomDataset(join(home, 'hands'), {
      seed: 3,
      classes: 3,
      size: { height: 64, width: 64 },
      counts: { labelled: 2, val: 0, test: 0, unlabelled: 1 },
    });
    const page = await openPage();
    await lookAt(page, '~/hands/labelled');
    await page.getByRole('button', { name: 'Outline more first' }).click();
    await page.waitForURL(/room/);
    await drawn(page);
    await page.getByText('Every image is done.').waitFor();
    expect(await page.locator('.about .stands').innerText()).toContain('Done');
    await legible(page);
    await page.getByRole('link', { name: 'start page' }).click();
    await page.locator('.drop').waitFor();
  });

  it('a room of an earlier start leads back', async () => {
    const page = await openPage('room/unknown/');
    await page.getByRole('heading', { name: 'This room is not open any more' }).waitFor();
    await legible(page);
    await page.getByRole('link', { name: 'To the start page' }).click();
    await page.locator('.drop').waitFor();
  });

  it('a server that is gone is named, on the start page too', async () => {
    const page = await openPage();
    await page.locator('.drop').waitFor();
    await server.close();
    await lookAt(page, '~/hands');
    await page.locator('.trouble', { hasText: 'The server does not answer' }).waitFor();
    await legible(page);
    // What was typed is still there.
    expect(await page.getByLabel('Path of the folder').inputValue()).toBe('~/hands');
  });
});
