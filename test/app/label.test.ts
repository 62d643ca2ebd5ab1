/** Labelling from nothing in a browser: classes, strokes that are saved at once, images that are done, what is next. */
import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { coco } from '../../src/annotations/coco.ts';
import { writePhantomDataset } from '../../src/dataset/phantom/write.ts';
import { decodeRle, rleFromString } from '../../src/masks/rle.ts';
import { readDecisions } from '../../src/review/decision-journal.ts';
import { type Running, startLabelling } from '../../src/server/serve.ts';
import { type ServerProcess, startServerCli } from '../cli/server.ts';
import { smallRoomModel } from '../sam/fixtures.ts';
import { temporaryFolder } from '../temporary.ts';
import {
  closeTabs,
  coloursAt,
  dragOver,
  drawn,
  launchBrowser,
  onPage,
  openTab,
  whyNoBrowser,
} from './chromium.ts';

/** How long a machine takes is for the test runner to judge. */
const PATIENT = { timeout: 200_000 };

const SIZE = { height: 480, width: 400 };

describe.skipIf(whyNoBrowser !== '')(`labelling in a browser${whyNoBrowser}`, () => {
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

  async function start(): Promise<Running> {
    running = await startLabelling({
      data: { root: folder },
      run: undefined,
      reviewer: 'ada',
      port: 0,
      model: smallRoomModel,
      note: (text) => noise.push(`defect: ${text}`),
    });
    return running;
  }

  async function openPage(url: string, colorScheme: 'light' | 'dark' = 'dark'): Promise<Page> {
    const page = await openTab(browser, url, noise, { colorScheme });
    await page.goto(url);
    await drawn(page);
    return page;
  }

  const addClass = async (page: Page, name: string): Promise<void> => {
    await page.getByLabel('New class').fill(name);
    await page.keyboard.press('Enter');
    await page.locator('.classes .is-current .name', { hasText: name }).waitFor();
  };
  /** Waits until the class that is drawn has a mask, and all of it is on the disk. */
  const saved = async (page: Page): Promise<void> => {
    await page.locator('.classes .is-current .state', { hasText: 'drawn' }).waitFor();
    await page.locator('.save', { hasText: 'All saved' }).waitFor();
  };
  const journal = () => readDecisions(join(folder, '.packmule', 'masks.jsonl'));
  /** Pixels of the first class that was drawn. */
  const lastDrawn = async (): Promise<Uint8Array> => {
    const [last] = await journal();
    return decodeRle(rleFromString(last!.counts!, SIZE)).data;
  };
  const goTo = async (page: Page, file: string): Promise<void> => {
    await page.locator('.item', { hasText: file }).click();
    await drawn(page);
  };
  const showsDrawn = (page: Page, name: string): Promise<void> =>
    page.locator('.classes li', { hasText: name }).locator('.state', { hasText: 'drawn' }).waitFor();
  const fileOnPage = (page: Page): Promise<string> => page.locator('.about .file').innerText();

  it('draws, undoes, clears and saves without being asked', async () => {
    const page = await openPage((await start()).url);
    expect(await page.getByRole('button', { name: 'Brush' }).isDisabled()).toBe(true);
    await addClass(page, 'radius');
    await page.keyboard.press('b');
    await dragOver(page, [
      [100, 100],
      [150, 100],
    ]);
    await saved(page);
    const counted = async (): Promise<[number, number]> => {
      const data = await lastDrawn();
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
    await expect.poll(async () => (await journal())[0], PATIENT).toMatchObject({ verdict: 'rejected' });
    await page.keyboard.press('Control+z');
    await expect.poll(async () => (await journal())[0], PATIENT).toMatchObject({ verdict: 'corrected' });
  });

  it('shows each class in its colour, pixel by pixel, and another one when it is chosen', async () => {
    const page = await openPage((await start()).url);
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
    const data = await lastDrawn();
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
    const page = await openPage((await start()).url);
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

  it('hears what changes while it is opened, and while there is no connection', async () => {
    const { url } = await start();
    const other = await openPage(url);
    const page = await openTab(browser, url, noise);
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
    const late = await openTab(browser, url, noise);
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
    const { url } = await start();
    const [left, right] = [await openPage(url), await openPage(url)];
    await addClass(left, 'radius');
    await goTo(right, await fileOnPage(left));
    await left.keyboard.press('b');
    await dragOver(left, [[100, 100]]);
    await saved(left);
    await showsDrawn(right, 'radius');
    const sayings = async (): Promise<number> => (await journal())[0]!.number;
    await right.keyboard.press('b');
    await dragOver(right, [[200, 200]]);
    await expect.poll(sayings, PATIENT).toBe(2);
    const theirs = await coloursAt(right, [[200, 200]]);
    await expect.poll(() => coloursAt(left, [[200, 200]]), PATIENT).toEqual(theirs);
    await dragOver(left, [[300, 300]]);
    await expect.poll(sayings, PATIENT).toBe(3);
    const data = await lastDrawn();
    expect([100, 200, 300].map((at) => data[at * SIZE.width + at])).toEqual([1, 1, 1]);
    expect(await left.locator('.notice.is-problem').count()).toBe(0);
  });

  it('takes back what was drawn here alone, after another page drew', async () => {
    const { url } = await start();
    const [left, right] = [await openPage(url), await openPage(url)];
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
      .poll(async () => (await journal()).map(({ verdict }) => verdict), PATIENT)
      .toEqual(['corrected', 'rejected']);
    const data = await lastDrawn();
    expect([100, 200].map((at) => data[at * SIZE.width + at])).toEqual([1, 1]);
  });

  it('shows the image that was gone to last, however many are on their way', async () => {
    const page = await openPage((await start()).url);
    await page.route('**/masks', async (route) => {
      await sleep(200);
      await route.continue();
    });
    for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowDown');
    await drawn(page);
    expect(await fileOnPage(page)).toBe(await page.locator('.item .name').last().innerText());
  });

  it('suggests images and says why, and writes those that are done', async () => {
    const page = await openPage((await start()).url);
    await page.locator('.count', { hasText: 'the most useful first' }).waitFor();
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
    const set = await coco.read(join(folder, 'annotations.json'));
    expect([set.classes, set.images.map(({ fileName }) => fileName)]).toEqual([['radius'], [first]]);

    await page.locator('.filters select').selectOption('done');
    await page.locator('.item').first().click();
    await drawn(page);
    await page.keyboard.press('t');
    await page.locator('.progress b', { hasText: /^0$/ }).waitFor();
    expect((await coco.read(join(folder, 'annotations.json'))).images).toEqual([]);
  });

  it('shows what another tab drew in the place of a drawing that would overwrite it', async () => {
    const { url } = await start();
    const left = await openPage(url);
    await addClass(left, 'radius');
    const right = await openPage(url);
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
    expect(await journal()).toMatchObject([{ number: 1 }]);
    expect(await right.locator('.progress b').innerText()).toBe('0');
    // What was drawn here is not gone.
    await right.keyboard.press('Control+z');
    await expect.poll(async () => (await journal())[0]!.number, PATIENT).toBe(2);
    const data = await lastDrawn();
    expect([100, 300].map((at) => data[at * SIZE.width + at])).toEqual([0, 1]);
    noise = noise.filter((line) => !line.includes('409'));
  });

  it('takes for its own what the server saved and could not answer', async () => {
    const page = await openPage((await start()).url);
    await addClass(page, 'radius');
    await page.keyboard.press('b');
    await page.route('**/api/decisions', async (route) => {
      await route.fetch();
      await route.abort();
    });
    await dragOver(page, [[100, 100]]);
    await page.locator('.notice.is-problem', { hasText: 'Not saved' }).waitFor();
    expect(await journal()).toHaveLength(1);
    await page.unroute('**/api/decisions');
    await dragOver(page, [[300, 300]]);
    await page.locator('.notice', { hasText: 'saved now' }).waitFor();
    const data = await lastDrawn();
    expect([data[100 * SIZE.width + 100], data[300 * SIZE.width + 300]]).toEqual([1, 1]);
    noise = noise.filter((line) => !/ERR_FAILED|409/.test(line));
  });

  // Starts a process twice, and clicks hundreds of times.
  it('loses nothing of 200 quick edits when its server is killed among them and started again', {
    timeout: 240_000,
  }, async () => {
    const begin = (): Promise<ServerProcess> => startServerCli(folder, ['label', folder]);
    const place = (i: number): [number, number] => [15 + (i % 20) * 19, 15 + Math.floor(i / 20) * 45];
    const dots = async (): Promise<boolean[]> => {
      const data = await lastDrawn();
      return Array.from({ length: 200 }, (_, i) => data[place(i)[1] * SIZE.width + place(i)[0]] === 1);
    };

    const first = await begin();
    const page = await openPage(first.url);
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
    noise = noise.filter((line) => !/net::ERR_|409/.test(line));
    expect(await readFile(join(folder, '.packmule', 'classes.json'), 'utf8')).toContain('radius');
  });
});
