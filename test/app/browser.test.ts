/** The review page in a browser: what it shows, what its keys and pointers do, and what is saved. */
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { coco } from '../../src/annotations/coco.ts';
import type { Mask } from '../../src/masks/mask.ts';
import { decodeRle, rleFromString, rleToString } from '../../src/masks/rle.ts';
import type { Decision } from '../../src/review/decision.ts';
import { readDecisions } from '../../src/review/decision-journal.ts';
import { startReview } from '../../src/server/serve.ts';
import { writeFinishedRun } from '../review/finished-run.ts';
import {
  coloursAt,
  drawn,
  focusOrder,
  lowContrastInBoth,
  onPage,
  PATIENT,
  whyNoBrowser,
} from './chromium.ts';
import { useReviewPage } from './review-page.ts';

const SIZE = { height: 320, width: 272 };

describe.skipIf(whyNoBrowser !== '')(`the review page in a browser${whyNoBrowser}`, () => {
  const review = useReviewPage((folder) =>
    writeFinishedRun(folder, { size: SIZE, classes: 10, unlabelled: 5, bits: 16 }),
  );
  const openPage = review.open;

  /** Waits until the page says that so many masks are decided. */
  const decided = (page: Page, count: number): Promise<void> =>
    page.locator('.progress b', { hasText: new RegExp(`^${count}$`) }).waitFor();

  const decisions = (): Promise<readonly Decision[]> => readDecisions(review.run().decisions);
  const item = (page: Page) => page.locator('.item[aria-current]');
  const nameOf = async (page: Page): Promise<string> => (await page.locator('.about b').innerText()).trim();

  /** The refined mask of the chosen class in the shown image. */
  async function refinedMask(page: Page): Promise<Mask> {
    const set = await coco.read(review.run().masks('refined', 'unlabelled'));
    const file = await page.locator('.about .file').innerText();
    const classIndex = set.classes.indexOf(await nameOf(page));
    const image = set.images.find(({ fileName }) => fileName === file)!;
    return decodeRle(image.structures.find((structure) => structure.classIndex === classIndex)!.rle);
  }

  it.each([
    [1440, 'dark'],
    [1440, 'light'],
    [1100, 'dark'],
    [480, 'light'],
  ] as const)(
    'opens at %i px, %s, from its own server alone, without overflow',
    async (width, colorScheme) => {
      const page = await openPage({ viewport: { width, height: 900 }, colorScheme });
      expect(
        await page.evaluate('document.documentElement.scrollWidth - window.innerWidth'),
      ).toBeLessThanOrEqual(0);
      expect(await page.locator('.item').count()).toBeGreaterThan(3);
      expect(await page.title()).toBe('tiny · Packmule review');
    },
  );

  it('shows the least trusted mask first, and its pixels where they are', async () => {
    const page = await openPage();
    const trusts = await page.locator('.item .trust').allInnerTexts();
    const numbers = trusts.map((text) => Number(text.replace(/\D/g, '')));
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    expect(await item(page).count()).toBe(1);

    // Alone and filled to the full, the colour of every pixel of the screen says whether it is in the mask.
    await page.keyboard.press('i');
    await page.getByLabel('Fill').fill('100');
    await page.keyboard.press('o');
    await drawn(page);
    const mask = await refinedMask(page);
    const places = Array.from({ length: 40 }, (_, row) =>
      Array.from({ length: 40 }, (_, column) => [column * 6 + 10, row * 8] as const),
    ).flat();
    const colours = await coloursAt(page, places);
    const wrong = places.filter(([x, y], i) => {
      const [red, green, blue] = colours[i]!;
      const isGrey = red === green && green === blue;
      return isGrey === (mask.data[y * SIZE.width + x] === 1);
    });
    expect(wrong).toEqual([]);
    expect(places.some(([x, y]) => mask.data[y * SIZE.width + x] === 1)).toBe(true);
  });

  it('accepts with a key, goes on to the next mask, and takes a decision back', async () => {
    const page = await openPage();
    const [first, count] = [await nameOf(page), await page.locator('.count').innerText()];
    const before = await item(page).innerText();
    await page.keyboard.press('a');
    await decided(page, 1);
    expect(await item(page).innerText()).not.toBe(before);
    expect(await page.locator('.count').innerText()).toBe(count.replace(/\d+/, (n) => String(Number(n) - 1)));
    expect(await decisions()).toMatchObject([{ className: first, verdict: 'accepted' }]);

    await page.getByLabel('Status').selectOption('Accepted');
    await page.locator('.item').first().click();
    expect(await page.locator('.stands').innerText()).toMatch(/^Accepted by/);
    await page.keyboard.press('t');
    await decided(page, 0);
    expect(await decisions()).toMatchObject([{ verdict: 'withdrawn' }]);
  });

  it('saves what was drawn: brush, undo, redo, polygon', async () => {
    const page = await openPage();
    const before = await refinedMask(page);
    await page.keyboard.press('b');
    const [x, y] = await onPage(page, 20, 30);
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(...(await onPage(page, 60, 30)), { steps: 6 });
    await page.mouse.up();
    expect(await page.locator('.about .edited').count()).toBe(1);
    await page.keyboard.press('Control+z');
    expect(await page.locator('.about .edited').count()).toBe(0);
    await page.keyboard.press('Control+Shift+z');
    await page.keyboard.press('p');
    for (const [px, py] of [
      [100, 200],
      [130, 200],
      [130, 220],
      [100, 220],
    ] as const) {
      await page.mouse.click(...(await onPage(page, px, py)));
    }
    await page.keyboard.press('c');
    await page.keyboard.press('a');
    await decided(page, 1);
    const [decision] = await decisions();
    expect(decision).toMatchObject({ verdict: 'corrected' });
    const after = decodeRle(rleFromString(decision!.counts!, SIZE));
    const at = (mask: Mask, px: number, py: number): number => mask.data[py * SIZE.width + px]!;
    expect([at(after, 20, 30), at(after, 40, 30), at(after, 60, 34), at(after, 115, 210)]).toEqual([
      1, 1, 1, 1,
    ]);
    expect([at(after, 40, 45), at(after, 80, 30), at(after, 140, 210)]).toEqual([
      at(before, 40, 45),
      at(before, 80, 30),
      at(before, 140, 210),
    ]);
  });

  it('mends a mask with two clicks: one on the object, one to save', async () => {
    const page = await openPage();
    await page.keyboard.press('w');
    await page.mouse.click(...(await onPage(page, 100, 120)));
    await page.locator('.about .edited').waitFor();
    await page.locator('.accept').click();
    await decided(page, 1);
    const [decision] = await decisions();
    expect(decision).toMatchObject({ verdict: 'corrected', counts: expect.any(String) });
    rleFromString(decision!.counts!, SIZE);
  });

  it('shows the masks of other stages, takes one over, and the truth of measured images', async () => {
    const page = await openPage();
    await page.keyboard.press('2');
    expect(await page.locator('.badge').innerText()).toBe('Final masks');
    await page.getByRole('button', { name: 'Use this' }).click();
    expect(await page.locator('.about .edited').count()).toBe(1);
    await page.getByLabel('Images').selectOption('Test');
    await page.locator('.item').first().click();
    await drawn(page);
    await page.keyboard.press('3');
    expect(await page.locator('.badge').innerText()).toBe('Truth masks');
    expect(await page.locator('.verdicts').count()).toBe(0);
    expect(await page.getByRole('button', { name: 'Brush' }).isDisabled()).toBe(true);
    expect(await decisions()).toEqual([]);
  });

  it('lists what one stage found, shows it, and accepts what is seen', async () => {
    const page = await openPage();
    await page.getByLabel('Found by').selectOption('Final network');
    await page.locator('.badge', { hasText: 'Final masks' }).waitFor();
    const [name, file] = [await nameOf(page), await page.locator('.about .file').innerText()];
    await page.keyboard.press('a');
    await decided(page, 1);
    const final = await coco.read(review.run().masks('final', 'unlabelled'));
    const { structures } = final.images.find(({ fileName }) => fileName === file)!;
    const { rle } = structures.find(({ classIndex }) => final.classes[classIndex] === name)!;
    expect(await decisions()).toMatchObject([
      { className: name, verdict: 'corrected', counts: rleToString(rle) },
    ]);
  });

  it('filters by trust, goes image by image, and accepts the rest of an image at once', PATIENT, async () => {
    const page = await openPage();
    await page.getByLabel(/^Trust/).selectOption('Below 50');
    const trusts = await page.locator('.item .trust').allInnerTexts();
    expect(trusts.every((text) => Number(text.replace(/\D/g, '')) < 50)).toBe(true);
    await page.getByLabel(/^Trust/).selectOption('Any');
    await page.getByLabel('Order').selectOption('By image');
    // The mask chosen at first is the least trusted of all, so the first of its image.
    const file = await page.locator('.about .file').innerText();
    await page.keyboard.press('r');
    await decided(page, 1);
    expect(await page.locator('.about .file').innerText()).toBe(file);
    const open = Number(/\d+/.exec(await page.locator('.accept-all').innerText())![0]);
    await page
      .getByRole('button', { name: /^Hide|^Show/ })
      .first()
      .click();
    await page.keyboard.press('Control+Enter');
    // What is hidden nobody has seen.
    await decided(page, open);
    expect(new Set((await decisions()).map(({ verdict }) => verdict))).toEqual(
      new Set(['rejected', 'accepted']),
    );
  });

  it('says what reviewing the next masks is expected to gain, and on what that rests', PATIENT, async () => {
    const page = await openPage();
    const summary = page.locator('.worth summary');
    expect(await summary.innerText()).toMatch(/^Expected Dice \d+\.\d → \d+\.\d with the next 20$/);
    await summary.click();
    expect(await page.locator('.basis').innerText()).toMatch(
      /12 labelled images \(120 masks\)[\s\S]*off by 3\.4/,
    );
    expect(await lowContrastInBoth(page)).toEqual([]);
    await page.getByLabel('Images').selectOption('Test');
    expect(await summary.innerText()).toMatch(/^Expected Dice \d+\.\d$/);
  });

  it('shows in one tab what was decided in another, and does not move the queue under its hand', async () => {
    const [left, right] = [await openPage(), await openPage()];
    const chosen = await nameOf(right);
    await left.keyboard.press('r');
    await decided(right, 1);
    expect(await decisions()).toMatchObject([{ verdict: 'rejected', className: chosen }]);
    expect(await nameOf(right)).toBe(chosen);
    expect(await right.locator('.stands').innerText()).toMatch(/^Rejected/);
  });

  it('does not overwrite what another tab decided unheard, and then lets the reviewer decide', async () => {
    const [left, right] = [await openPage(), await openPage({}, '**/api/events')];
    await left.keyboard.press('r');
    await decided(left, 1);
    await right.keyboard.press('a');
    await right.locator('.notice.is-problem').waitFor();
    expect(await right.locator('.notice').innerText()).toContain('decided meanwhile (rejected)');
    expect(await decisions()).toMatchObject([{ verdict: 'rejected' }]);
    await right.keyboard.press('t');
    await decided(right, 0);
    expect(await decisions()).toMatchObject([{ number: 2, verdict: 'withdrawn' }]);
    review.forgive(/ERR_FAILED|409/);
  });

  it('moves, zooms and windows the image by pointer and wheel', async () => {
    const page = await openPage();
    const viewport = async (): Promise<number[]> =>
      ((await page.getAttribute('canvas', 'data-viewport')) as string).split(' ').map(Number);
    const [before] = [await viewport()];
    const [x, y] = await onPage(page, 100, 120);
    await page.mouse.move(x, y);
    await page.mouse.wheel(0, -400);
    await drawn(page);
    const closer = await viewport();
    expect(closer[0]).toBeGreaterThan(1.5 * before[0]!);
    const [sx, sy] = await onPage(page, 100, 120);
    expect(Math.hypot(sx - x, sy - y)).toBeLessThan(1);
    await page.mouse.down();
    await page.mouse.move(x + 50, y + 20, { steps: 4 });
    await page.mouse.up();
    await drawn(page);
    const moved = await viewport();
    expect([moved[1]! - closer[1]!, moved[2]! - closer[2]!].map(Math.round)).toEqual([50, 20]);

    await page.keyboard.press('h');
    await drawn(page);
    const [dark] = await coloursAt(page, [[100, 120]]);
    await page.mouse.down({ button: 'right' });
    await page.mouse.move(x + 50, y + 320, { steps: 4 });
    await page.mouse.up({ button: 'right' });
    await drawn(page);
    const [bright] = await coloursAt(page, [[100, 120]]);
    expect(bright![0]).toBeGreaterThan(dark![0]!);
  });

  it('is served once a run', async () => {
    const again = {
      folder: review.run().root,
      reviewer: 'bob',
      port: 0,
      model: undefined,
      note: () => undefined,
    };
    await expect(startReview(again)).rejects.toMatchObject({
      name: 'RunError',
      seen: expect.stringContaining('has been reviewing this run'),
    });
  });

  it('says what to do where the server is gone, and keeps the drawing', async () => {
    const page = await openPage();
    await page.keyboard.press('b');
    await page.mouse.click(...(await onPage(page, 20, 30)));
    await review.server().close();
    await page.keyboard.press('a');
    await page.locator('.notice.is-problem').waitFor();
    expect(await page.locator('.notice').innerText()).toContain('The server does not answer');
    expect(await page.locator('.about .edited').count()).toBe(1);
    expect(await page.locator('.save').innerText()).toBe('No connection');
    review.forgive(/ERR_CONNECTION|ERR_INCOMPLETE/);
  });

  it('has text that stands out from its ground, in light and dark, the help among it', async () => {
    const page = await openPage();
    expect(await lowContrastInBoth(page)).toEqual([]);
    await page.keyboard.press('?');
    await page.locator('dialog').waitFor({ state: 'visible' });
    expect(await lowContrastInBoth(page)).toEqual([]);
  });

  it('leads the focus from the head to the queue, the tools, the decision and the classes', async () => {
    const page = await openPage();
    const order = await focusOrder(page, 40);
    const at = (name: string): number => order.findIndex((one) => one.startsWith(name));
    const places = [
      'Keys and help',
      'Images',
      'Status',
      'Class',
      'Look',
      'Brush',
      'Whole image',
      'Later',
      'Accept',
      'Show ',
    ].map(at);
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  it('lists its keys, names its controls, and keeps the focus in the help until it is closed', async () => {
    const page = await openPage();
    const nameless =
      await page.evaluate(`[...document.querySelectorAll('button, input, select')].filter((element) =>
      !(element.innerText?.trim() || element.getAttribute('aria-label') || element.labels?.length)).length`);
    expect(nameless).toBe(0);
    await page.keyboard.press('?');
    await page.locator('dialog').waitFor({ state: 'visible' });
    await page.keyboard.press('a');
    expect(await page.evaluate(`document.querySelector('dialog').contains(document.activeElement)`)).toBe(
      true,
    );
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'hidden' });
    expect(await decisions()).toEqual([]);
    expect(await readFile(review.run().decisions, 'utf8')).toBe('');
  });
});
