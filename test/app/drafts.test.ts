/** Drawings of a review that nobody has decided about outlive their page and the server. */
import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decodeRle, rleFromString } from '../../src/masks/rle.ts';
import type { RunDirectory } from '../../src/pipeline/run-directory.ts';
import { readDecisions } from '../../src/review/decision-journal.ts';
import type { Drawing } from '../../src/review/drafts.ts';
import { type ServerProcess, startServerCli } from '../cli/server.ts';
import { writeFinishedRun } from '../review/finished-run.ts';
import { temporaryFolder } from '../temporary.ts';
import {
  closeTabs,
  dragOver,
  drawn,
  launchBrowser,
  lowContrastInBoth,
  openTab,
  PATIENT,
  whyNoBrowser,
} from './chromium.ts';

const SIZE = { height: 320, width: 272 };

describe.skipIf(whyNoBrowser !== '')(`drawings in a review${whyNoBrowser}`, () => {
  let browser: Browser;
  let run: RunDirectory;
  let server: ServerProcess;
  let noise: string[];

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    noise = [];
    run = await writeFinishedRun(await temporaryFolder(), { size: SIZE, classes: 4, unlabelled: 2 });
    server = await start();
  });
  afterEach(async (context) => {
    await closeTabs(browser, context);
    server.child.kill('SIGINT');
    await server.ended;
    expect(noise.filter((line) => !line.includes('net::ERR_'))).toEqual([]);
  });

  const start = (): Promise<ServerProcess> => startServerCli(run.root, ['review', run.root]);
  async function openPage(): Promise<Page> {
    const page = await openTab(browser, server.url, noise);
    await page.goto(server.url);
    await drawn(page);
    return page;
  }
  const drawings = async (): Promise<readonly Drawing[]> =>
    JSON.parse(await readFile(run.path('review', 'drafts.json'), 'utf8').catch(() => '[]')) as Drawing[];
  /** Waits until the server keeps so many drawings; their pixels at the two places that the tests draw on. */
  async function keptDots(count: number): Promise<(number | undefined)[][]> {
    await expect.poll(async () => (await drawings()).length, PATIENT).toBe(count);
    return (await drawings()).map(({ counts }) => {
      const { data } = decodeRle(rleFromString(counts, SIZE));
      return [data[30 * SIZE.width + 30], data[30 * SIZE.width + 90]];
    });
  }
  const dot = (page: Page, x: number): Promise<void> => dragOver(page, [[x, 30]]);

  // A process each, killed and started again.
  it('are there again after a crash of the page and of the server, until they are saved', {
    timeout: 240_000,
  }, async () => {
    const page = await openPage();
    const name = await page.locator('.about b').innerText();
    await page.keyboard.press('b');
    await dot(page, 30);
    expect(await keptDots(1)).toEqual([[1, 0]]);
    await dot(page, 90);
    await expect.poll(() => keptDots(1), PATIENT).toEqual([[1, 1]]);
    server.child.kill('SIGKILL');
    await server.ended;
    await page.context().close();

    server = await start();
    const again = await openPage();
    expect(await again.locator('.notice').innerText()).toContain(
      'A drawing that was not saved is here again',
    );
    expect(await lowContrastInBoth(again)).toEqual([]);
    expect(await again.locator('.about b').innerText()).toBe(name);
    expect(await again.locator('.about .edited').innerText()).toBe('not saved yet');
    expect(await again.locator('.item[aria-current] .edited').count()).toBe(1);
    await again.getByRole('button', { name: 'Understood' }).click();
    await again.keyboard.press('a');
    await again.locator('.progress b', { hasText: /^1$/ }).waitFor();
    const [decision] = await readDecisions(run.decisions);
    const { data } = decodeRle(rleFromString(decision!.counts!, SIZE));
    expect([data[30 * SIZE.width + 30], data[30 * SIZE.width + 90]]).toEqual([1, 1]);
    expect(await keptDots(0)).toEqual([]);
    await again.reload();
    await drawn(again);
    expect(await again.locator('.notice').innerText()).toBe('');
    expect(await again.locator('.edited').count()).toBe(0);
  });

  it('stay where another page decides, which is said', async () => {
    const [left, right] = [await openPage(), await openPage()];
    const name = await left.locator('.about b').innerText();
    await left.keyboard.press('b');
    await dot(left, 30);
    await keptDots(1);
    await right.keyboard.press('r');
    await left.locator('.notice.is-problem', { hasText: `decided about ${name.trim()} in` }).waitFor();
    // The server forgot it with the decision.
    await expect.poll(() => keptDots(1), PATIENT).toEqual([[1, 0]]);
    await left.keyboard.press('Control+z');
    await left.locator('.about .stands', { hasText: 'Rejected' }).waitFor();
    await keptDots(0);
  });

  it('go when they are taken back, of several images too, and leave without a question', async () => {
    const page = await openPage();
    await page.keyboard.press('b');
    await dot(page, 30);
    await keptDots(1);
    const file = await page.locator('.about .file').innerText();
    await page.locator('.item', { hasNotText: file }).first().click();
    await drawn(page);
    await dot(page, 90);
    expect(await keptDots(2)).toHaveLength(2);
    // Nothing would be lost: the page does not ask before it goes.
    await page.reload();
    await drawn(page);
    expect(await page.locator('.notice').innerText()).toContain(
      '2 drawings that were not saved are here again',
    );
    expect(await page.locator('.about .file').innerText()).toBe(file);
    await page.keyboard.press('Control+z');
    await page.locator('.about .edited').waitFor({ state: 'detached' });
    expect(await keptDots(1)).toEqual([[expect.any(Number), 1]]);
    expect(await page.locator('.item .edited').count()).toBe(1);
    expect(await readDecisions(run.decisions)).toEqual([]);
  });

  it('wait in the page where the server is gone, and are kept when it is there again', {
    timeout: 240_000,
  }, async () => {
    const page = await openPage();
    server.child.kill('SIGKILL');
    await server.ended;
    await page.locator('.save', { hasText: 'No connection' }).waitFor();
    await page.keyboard.press('b');
    await dot(page, 30);
    expect(await drawings()).toEqual([]);
    server = await start();
    expect(await keptDots(1)).toEqual([[1, 0]]);
    await page.locator('.save', { hasText: 'All saved' }).waitFor();
  });
});
