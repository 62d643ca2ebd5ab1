/** Labelling from nothing in a browser: classes, strokes that are saved at once, images that are done, what is next. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { coco } from '../../src/annotations/coco.ts';
import { decodeRle, rleFromString } from '../../src/masks/rle.ts';
import { type ServerProcess, startServerCli } from '../cli/server.ts';
import { coloursAt, dragOver, drawn, onPage, PATIENT, whyNoBrowser } from './chromium.ts';
import { addClass, fileOnPage, SIZE, saved, suggested, useLabelPage } from './label-page.ts';

describe.skipIf(whyNoBrowser !== '')(`labelling in a browser${whyNoBrowser}`, () => {
  const label = useLabelPage();

  it('draws, undoes, clears and saves without being asked', async () => {
    const page = await label.open();
    expect(await page.getByRole('button', { name: 'Brush' }).isDisabled()).toBe(true);
    await addClass(page, 'radius');
    await page.keyboard.press('b');
    await dragOver(page, [
      [100, 100],
      [150, 100],
    ]);
    await saved(page);
    const counted = async (): Promise<[number, number]> => {
      const data = await label.firstMask();
      return [data[100 * SIZE.width + 120]!, data[200 * SIZE.width + 120]!];
    };
    expect(await counted()).toEqual([1, 0]);
    await dragOver(page, [
      [100, 200],
      [150, 200],
    ]);
    await saved(page);
    await expect.poll(counted, PATIENT).toEqual([1, 1]);
    await page.keyboard.press('Control+z');
    await expect.poll(counted, PATIENT).toEqual([1, 0]);
    await page.keyboard.press('Control+Shift+z');
    await expect.poll(counted, PATIENT).toEqual([1, 1]);
    await page.keyboard.press('r');
    await expect.poll(async () => (await label.journal())[0], PATIENT).toMatchObject({ verdict: 'rejected' });
    await page.keyboard.press('Control+z');
    await expect
      .poll(async () => (await label.journal())[0], PATIENT)
      .toMatchObject({ verdict: 'corrected' });
  });

  it('draws nothing on the next image with a pen or a key that is still down', async () => {
    const page = await label.open();
    await addClass(page, 'radius');
    await page.keyboard.press('b');
    const onNext = async (meanwhile = async () => undefined as unknown): Promise<void> => {
      const file = await fileOnPage(page);
      await page.keyboard.press('a');
      await meanwhile();
      await page.locator('.about .file').filter({ hasNotText: file }).waitFor();
      await drawn(page);
    };
    await page.mouse.move(...(await onPage(page, 100, 100)));
    await page.mouse.down();
    await page.mouse.move(...(await onPage(page, 150, 100)), { steps: 4 });
    await onNext();
    await page.mouse.move(...(await onPage(page, 200, 200)), { steps: 4 });
    await page.mouse.up();
    await dragOver(page, [[300, 300]]);
    await saved(page);
    const [, onSecond] = await label.journal();
    const { data } = decodeRle(rleFromString(onSecond!.counts!, SIZE));
    expect([200, 300].map((at) => data[at * SIZE.width + at])).toEqual([0, 1]);

    // By keys: down while the page waits to hear that the image is done.
    let answer: () => void = () => undefined;
    const mayAnswer = new Promise<void>((done) => {
      answer = done;
    });
    await page.route('**/done', async (route) => {
      await mayAnswer;
      await route.continue();
    });
    await page.locator('canvas').focus();
    await onNext(async () => {
      await page.keyboard.press('Enter');
      answer();
    });
    await page.keyboard.press('Shift+ArrowRight');
    await drawn(page);
    expect(await page.locator('.classes .is-current .state').innerText()).not.toContain('drawn');
  });

  it('shows each class in its colour, pixel by pixel, and another one when it is chosen', async () => {
    const page = await label.open();
    await addClass(page, 'radius');
    await page.keyboard.press('p');
    const corners: readonly (readonly [number, number])[] = [
      [60, 60],
      [160, 60],
      [160, 160],
      [60, 160],
    ];
    for (const corner of corners) await page.mouse.click(...(await onPage(page, ...corner)));
    await page.keyboard.press('c');
    await saved(page);
    await page.keyboard.press('o');
    await page.getByLabel('Fill').fill('100');
    await drawn(page);
    const data = await label.firstMask();
    const places = Array.from(
      { length: 30 * 30 },
      (_, i) => [(i % 30) * 7 + 3, Math.floor(i / 30) * 7 + 3] as const,
    );
    const isOrange = ([red, green, blue]: readonly number[]): boolean =>
      red === 230 && green === 159 && blue === 0;
    const seen = (await coloursAt(page, places)).map(isOrange);
    expect(seen).toEqual(places.map(([x, y]) => data[y * SIZE.width + x] === 1));
    expect(new Set(seen).size).toBe(2);

    await page.getByLabel('Name and colour of radius').click();
    await page.getByRole('button', { name: 'green', exact: true }).click();
    await page.locator('.colours [aria-pressed=true][aria-label=green]').waitFor();
    await drawn(page);
    expect(await coloursAt(page, [[100, 100]])).toEqual([[0, 158, 115]]);
    await page.getByLabel('Name', { exact: true }).fill('Speiche');
    await page.keyboard.press('Enter');
    await page.locator('.about b', { hasText: 'Speiche' }).waitFor();

    // A class that is not chosen is kept from frame to frame, though not in a colour that it no longer has.
    await addClass(page, 'ulna');
    await page.mouse.move(...(await onPage(page, 200, 200)));
    await page.mouse.move(...(await onPage(page, 210, 200)));
    await drawn(page);
    const before = await coloursAt(page, [[100, 100]]);
    await page.getByLabel('Name and colour of Speiche').click();
    await page.getByRole('button', { name: 'orange', exact: true }).click();
    await page.locator('.colours [aria-pressed=true][aria-label=orange]').waitFor();
    await drawn(page);
    const [red, , blue] = (await coloursAt(page, [[100, 100]]))[0]!;
    expect([red! > before[0]![0]!, blue! < before[0]![2]!]).toEqual([true, true]);
  });

  it('takes keys for commands as soon as a class was asked for, before the server has answered', async () => {
    const page = await label.open();
    let answer: () => void = () => undefined;
    const mayAnswer = new Promise<void>((done) => {
      answer = done;
    });
    await page.route('**/api/classes', async (route) => {
      const response = await route.fetch();
      await mayAnswer;
      await route.fulfill({ response });
    });
    // Seen by what the server tells all pages.
    await addClass(page, 'radius');
    await page.keyboard.press('b');
    answer();
    await page.locator('.tools [aria-pressed=true]', { hasText: 'Brush' }).waitFor();
    await expect.poll(() => page.getByLabel('New class').inputValue(), PATIENT).toBe('');
  });

  it('shows the image that was gone to last, however many are on their way', async () => {
    const page = await label.open();
    await suggested(page);
    await page.route('**/masks', async (route) => {
      await sleep(200);
      await route.continue();
    });
    for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowDown');
    await drawn(page);
    expect(await fileOnPage(page)).toBe(await page.locator('.item .name').last().innerText());
  });

  it('suggests images and says why, and writes those that are done', async () => {
    const page = await label.open();
    await suggested(page);
    expect(await page.locator('.reason').allInnerTexts()).toEqual([
      'Typical of the folder',
      ...Array.from({ length: 4 }, () => 'Unlike those above'),
    ]);
    await page.locator('.item').first().click();
    await drawn(page);
    const first = await fileOnPage(page);
    await addClass(page, 'radius');
    await page.keyboard.press('a');
    expect(await page.locator('.notice').innerText()).toContain('Nothing is drawn on this image yet');
    await page.keyboard.press('b');
    await dragOver(page, [[200, 400]]);
    await saved(page);
    await page.keyboard.press('a');
    await page.locator('.progress b', { hasText: /^1$/ }).waitFor();
    await drawn(page);
    expect(await fileOnPage(page)).not.toBe(first);
    expect(await page.locator('.reason').first().innerText()).toBe('Unlike those done');
    const set = await coco.read(join(label.folder(), 'annotations.json'));
    expect([set.classes, set.images.map(({ fileName }) => fileName)]).toEqual([['radius'], [first]]);

    await page.locator('.filters select').selectOption('done');
    await page.locator('.item').first().click();
    await drawn(page);
    await page.keyboard.press('t');
    await page.locator('.progress b', { hasText: /^0$/ }).waitFor();
    expect((await coco.read(join(label.folder(), 'annotations.json'))).images).toEqual([]);
  });

  it('takes for its own what the server saved and could not answer', async () => {
    const page = await label.open();
    await addClass(page, 'radius');
    await page.keyboard.press('b');
    await page.route('**/api/decisions', async (route) => {
      await route.fetch();
      await route.abort();
    });
    await dragOver(page, [[100, 100]]);
    await page.locator('.notice.is-problem', { hasText: 'Not saved' }).waitFor();
    expect(await label.journal()).toHaveLength(1);
    await page.unroute('**/api/decisions');
    await dragOver(page, [[300, 300]]);
    await page.locator('.notice', { hasText: 'saved now' }).waitFor();
    const data = await label.firstMask();
    expect([data[100 * SIZE.width + 100], data[300 * SIZE.width + 300]]).toEqual([1, 1]);
    label.forgive(/ERR_FAILED|409/);
  });

  // Starts a process twice, and clicks hundreds of times.
  it('loses nothing of 200 quick edits when its server is killed among them and started again', {
    timeout: 240_000,
  }, async () => {
    const begin = (): Promise<ServerProcess> => startServerCli(label.folder(), ['label', label.folder()]);
    const place = (i: number): [number, number] => [15 + (i % 20) * 19, 15 + Math.floor(i / 20) * 45];
    const dots = async (): Promise<boolean[]> => {
      const data = await label.firstMask();
      return Array.from({ length: 200 }, (_, i) => data[place(i)[1] * SIZE.width + place(i)[0]] === 1);
    };

    const first = await begin();
    const page = await label.open(first.url);
    await addClass(page, 'radius');
    await page.keyboard.press('b');
    const click = async (on: Page, from: number, to: number): Promise<void> => {
      for (let i = from; i < to; i++) await on.mouse.click(...(await onPage(on, ...place(i))));
    };
    await click(page, 0, 80);
    await saved(page);
    await click(page, 80, 90);
    first.child.kill('SIGKILL');
    await click(page, 90, 100);
    await page.locator('.notice.is-problem', { hasText: 'Not saved' }).waitFor();
    await first.ended;
    const kept = await dots();
    expect(kept.slice(0, 80), 'of what it said was saved').toEqual(Array(80).fill(true));
    // Each line holds a whole mask: what is there is a beginning of what was drawn.
    expect(kept.lastIndexOf(true)).toBe(kept.indexOf(false) - 1);

    const second = await begin();
    expect(second.url).toBe(first.url);
    // The page finds it and sends what it still holds.
    await expect.poll(dots, PATIENT).toEqual(Array.from({ length: 200 }, (_, i) => i < 100));
    await click(page, 100, 200);
    await saved(page);
    await expect.poll(dots, PATIENT).toEqual(Array(200).fill(true));
    second.child.kill('SIGINT');
    const { stdout, code } = await second.ended;
    expect([code, stdout]).toEqual([0, expect.stringContaining('0 of 6 images are labelled')]);
    await page.context().close();
    // The kill may come after an edit was stored and before the page was told: it sends that edit again.
    label.forgive(/net::ERR_|409/);
    expect(await readFile(join(label.folder(), '.packmule', 'classes.json'), 'utf8')).toContain('radius');
  });
});
