/** Two pages on the masks of the same folder: each shows what the other draws, and overwrites none of it unseen. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { coloursAt, dragOver, drawn, PATIENT, whyNoBrowser } from './chromium.ts';
import { addClass, fileOnPage, goTo, SIZE, saved, useLabelPage } from './label-page.ts';

const showsDrawn = (page: Page, name: string): Promise<void> =>
  page.locator('.classes li', { hasText: name }).locator('.state', { hasText: 'drawn' }).waitFor();

describe.skipIf(whyNoBrowser !== '')(`two pages on the same masks${whyNoBrowser}`, () => {
  const label = useLabelPage();

  it('hears what changes while it is opened, and while there is no connection', async () => {
    const url = await label.url();
    const other = await label.open();
    const page = await label.tab();
    await page.route(
      '**/api/room',
      async (route) => {
        const response = await route.fetch();
        await addClass(other, 'radius');
        await route.fulfill({ response });
      },
      { times: 1 },
    );
    await page.goto(url);
    await page.locator('.classes .name', { hasText: 'radius' }).waitFor();

    // A page whose connection comes late has what was told meanwhile all the same.
    const late = await label.tab();
    await late.route(
      '**/api/events',
      (route) => route.fulfill({ contentType: 'text/event-stream', body: '' }),
      {
        times: 1,
      },
    );
    await late.goto(url);
    await drawn(late);
    await addClass(other, 'ulna');
    await goTo(other, await fileOnPage(late));
    await other.keyboard.press('b');
    await dragOver(other, [[200, 400]]);
    await saved(other);
    // What was drawn meanwhile on the image that it shows, too: it would be overwritten unseen.
    await showsDrawn(late, 'ulna');
  });

  it('shows what another page draws on the same image, and goes on from that', async () => {
    const [left, right] = [await label.open(), await label.open()];
    await addClass(left, 'radius');
    await goTo(right, await fileOnPage(left));
    await left.keyboard.press('b');
    await dragOver(left, [[100, 100]]);
    await saved(left);
    await showsDrawn(right, 'radius');
    const sayings = async (): Promise<number> => (await label.journal())[0]!.number;
    await right.keyboard.press('b');
    await dragOver(right, [[200, 200]]);
    await expect.poll(sayings, PATIENT).toBe(2);
    const theirs = await coloursAt(right, [[200, 200]]);
    await expect.poll(() => coloursAt(left, [[200, 200]]), PATIENT).toEqual(theirs);
    await dragOver(left, [[300, 300]]);
    await expect.poll(sayings, PATIENT).toBe(3);
    const data = await label.firstMask();
    expect([100, 200, 300].map((at) => data[at * SIZE.width + at])).toEqual([1, 1, 1]);
    expect(await left.locator('.notice.is-problem').count()).toBe(0);
  });

  it('takes back what was drawn here alone, after another page drew', async () => {
    const [left, right] = [await label.open(), await label.open()];
    for (const [name, at] of [
      ['radius', 100],
      ['ulna', 150],
    ] as const) {
      await addClass(left, name);
      await left.keyboard.press('b');
      await dragOver(left, [[at, at]]);
      await saved(left);
    }
    await goTo(right, await fileOnPage(left));
    await showsDrawn(right, 'radius');
    await right.keyboard.press('1');
    await right.keyboard.press('b');
    await dragOver(right, [[200, 200]]);
    await saved(right);
    const theirs = await coloursAt(right, [[200, 200]]);
    // The class that is worked on looks other than the rest.
    await left.keyboard.press('1');
    await expect.poll(() => coloursAt(left, [[200, 200]]), PATIENT).toEqual(theirs);
    await left.keyboard.press('Control+z');
    await expect
      .poll(async () => (await label.journal()).map(({ verdict }) => verdict), PATIENT)
      .toEqual(['corrected', 'rejected']);
    const data = await label.firstMask();
    expect([100, 200].map((at) => data[at * SIZE.width + at])).toEqual([1, 1]);
  });

  it('shows what another tab drew in the place of a drawing that would overwrite it', async () => {
    const left = await label.open();
    await addClass(left, 'radius');
    const right = await label.open();
    await goTo(right, await fileOnPage(left));
    await left.keyboard.press('b');
    await right.keyboard.press('b');
    await right.route(
      '**/api/decisions',
      async (route) => {
        await dragOver(left, [[100, 100]]);
        await saved(left);
        await route.continue();
      },
      { times: 1 },
    );
    await dragOver(right, [[300, 300]]);
    // Done at once: what was drawn here is not what would be done.
    await right.keyboard.press('a');
    await right.locator('.notice.is-problem', { hasText: 'ada drew radius on' }).waitFor();
    expect(await label.journal()).toMatchObject([{ number: 1 }]);
    expect(await right.locator('.progress b').innerText()).toBe('0');
    // What was drawn here is not gone.
    await right.keyboard.press('Control+z');
    await expect.poll(async () => (await label.journal())[0]!.number, PATIENT).toBe(2);
    const data = await label.firstMask();
    expect([100, 300].map((at) => data[at * SIZE.width + at])).toEqual([0, 1]);
    label.forgive(/409/);
  });
});
