/**
 * The pictures of the docs, in dist/screenshots: of the run that `npm run demo` has done here, as a reader will see it,
 * else of one that is made up. They show phantoms alone.
 */
import { existsSync } from 'node:fs';
import { cp, mkdir, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, type Page, request } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { coco } from '../../src/annotations/coco.ts';
import type { AnnotatedImage, AnnotationSet } from '../../src/annotations/types.ts';
import type { PointXy } from '../../src/base/geometry.ts';
import { PACKAGE_FOLDER } from '../../src/base/version.ts';
import { maskArea } from '../../src/masks/mask.ts';
import { decodeRle, rleToString } from '../../src/masks/rle.ts';
import { readRecordedConfig } from '../../src/pipeline/recorded-config.ts';
import { type RunDirectory, runDirectory } from '../../src/pipeline/run-directory.ts';
import type { DecisionRequest, RoomState } from '../../src/review/protocol.ts';
import { startHouse } from '../../src/server/house.ts';
import type { Running } from '../../src/server/serve.ts';
import { writeFinishedRun } from '../review/finished-run.ts';
import { smallRoomModel } from '../sam/fixtures.ts';
import { temporaryFolder } from '../temporary.ts';
import { dragOver, drawn, launchBrowser, onPage, openTab, picture, whyNoBrowser } from './chromium.ts';

const DEMO = join(PACKAGE_FOLDER, 'runs', 'demo');
const WINDOW = { viewport: { width: 1280, height: 800 } };

describe.skipIf(whyNoBrowser !== '')(`the pictures of the docs${whyNoBrowser}`, () => {
  let browser: Browser;
  let run: RunDirectory;
  let data: string;
  let truth: AnnotationSet;
  let project: string;
  let server: Running;
  const noise: string[] = [];

  beforeAll(async () => {
    browser = await launchBrowser();
    const home = await realpath(await temporaryFolder());
    project = join(home, 'hands');
    run = runDirectory(join(project, 'runs', 'demo'));
    if (existsSync(join(DEMO, 'report.html'))) {
      await cp(DEMO, run.root, { recursive: true });
      await rm(run.path('review'), { recursive: true, force: true });
    } else {
      const size = { height: 256, width: 224 };
      const made = await writeFinishedRun(join(home, 'made'), { size, classes: 12, unlabelled: 6 });
      await cp(made.root, run.root, { recursive: true });
    }
    data = (await readRecordedConfig(run)).data.root;
    truth = await coco.read(join(data, 'unlabelled-truth.json'));
    server = await startHouse({
      project,
      userHome: home,
      roots: [home],
      reviewer: 'ada',
      port: 0,
      program: { main: join(home, 'nothing.mjs') },
      modelOf: async () => smallRoomModel,
      note: (text) => noise.push(`defect: ${text}`),
    });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    expect(noise).toEqual([]);
  });

  async function openPage(path: string, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await openTab(browser, server.url, noise, { colorScheme: 'light', ...WINDOW, ...options });
    await page.goto(server.url + path);
    return page;
  }
  const taken = (name: string): boolean =>
    existsSync(join(PACKAGE_FOLDER, 'dist', 'screenshots', `${name}.png`));
  const trueImage = (file: string): AnnotatedImage => truth.images.find(({ fileName }) => fileName === file)!;
  /** What is left of the text of an answer, of the address behind the server's own. */
  async function ask<T>(path: string, body: unknown): Promise<T> {
    const api = await request.newContext({ extraHTTPHeaders: { Origin: new URL(server.url).origin } });
    const answer = await api.post(server.url + path, { data: body });
    expect(answer.status()).toBe(200);
    const told = (await answer.json()) as T;
    await api.dispose();
    return told;
  }

  it('start', async () => {
    const page = await openPage('');
    await page.locator('.drop').waitFor();
    await picture(page, 'start');
    expect(taken('start')).toBe(true);
  });

  it('run', async () => {
    const page = await openPage('#runs', { viewport: { width: 1280, height: 1300 } });
    await page.getByRole('link', { name: 'demo' }).click();
    await page.locator('.stages').waitFor();
    await picture(page, 'run');
    expect(taken('run')).toBe(true);
  });

  /** The review of the run, at the least trusted mask that is far from its truth. */
  async function openReview(): Promise<Page> {
    const page = await openPage('#runs', { colorScheme: 'dark', viewport: { width: 1440, height: 900 } });
    await page.getByRole('button', { name: 'Review' }).click();
    await page.waitForURL(/room/);
    await drawn(page);
    return page;
  }

  /** The pixels of the chosen class that its mask lacks, of those that a brush covers with one stroke. */
  async function missing(page: Page): Promise<PointXy[]> {
    const [file, name] = [
      await page.locator('.about .file').innerText(),
      (await page.locator('.about b').innerText()).trim(),
    ];
    const set = await coco.read(run.masks('refined', 'unlabelled'));
    const maskIn = ({ classes, images }: AnnotationSet) =>
      images
        .find(({ fileName }) => fileName === file)!
        .structures.find(({ classIndex }) => classes[classIndex] === name);
    const [found, right] = [maskIn(set), maskIn(truth)];
    if (found === undefined || right === undefined) return [];
    const [mask, whole] = [decodeRle(found.rle), decodeRle(right.rle)];
    const lacking = Array.from(whole.data.keys()).filter((i) => whole.data[i] === 1 && mask.data[i] === 0);
    // What lies elsewhere is out of sight where the view is fitted to the mask.
    if (lacking.length > maskArea(whole) / 2) return [];
    return lacking.map((i) => [i % whole.width, Math.floor(i / whole.width)] as const);
  }

  it('review, and a mask that is being mended', async () => {
    const page = await openReview();
    await picture(page, 'review');
    expect(taken('review')).toBe(true);

    // The mask of the next few that lacks most; of a run whose least trusted masks lie elsewhere, of those behind them.
    const lacks: number[] = [];
    while (lacks.length < 6 || Math.max(...lacks) === 0) {
      await page.locator('.item').nth(lacks.length).click();
      await drawn(page);
      lacks.push((await missing(page)).length);
    }
    await page
      .locator('.item')
      .nth(lacks.indexOf(Math.max(...lacks)))
      .click();
    await drawn(page);
    await page.keyboard.press('f');
    await page.keyboard.press('b');
    for (let i = 0; i < 6; i++) await page.keyboard.press('[');
    const points = await missing(page);
    const rows = [...new Set(points.map(([, y]) => y))].slice(2, -2);
    // To and fro, as a hand fills a gap, within its outline by the radius of the brush.
    const way = rows.flatMap((y): PointXy[] => {
      const xs = points.filter((point) => point[1] === y).map(([x]) => x);
      const [left, right] = [Math.min(...xs) + 2, Math.max(...xs) - 1];
      return left < right
        ? [
            [left, y],
            [right, y],
          ]
        : [];
    });
    await dragOver(page, way);
    await drawn(page);
    await picture(page, 'review-edit');
    expect(await page.locator('.about .edited').count()).toBe(1);
  });

  it('label', async () => {
    const folder = join(project, 'x-rays');
    await mkdir(folder, { recursive: true });
    await cp(join(data, 'unlabelled', 'images'), join(folder, 'images'), { recursive: true });
    const { path } = await ask<{ path: string }>('api/rooms/labels', { folder });
    for (const name of truth.classes) await ask(`${path}api/classes`, { add: name });
    const page = await openPage(path, { colorScheme: 'dark', viewport: { width: 1440, height: 900 } });
    await drawn(page);
    await page.locator('.count', { hasText: 'the most useful' }).waitFor();
    /** Draws the classes of the shown image but for the last ones. */
    const draw = async (left: number): Promise<void> => {
      const file = await page.locator('.about .file').innerText();
      const { images } = (await page.evaluate(
        `fetch('api/room').then((answer) => answer.json())`,
      )) as RoomState;
      const image = images.find(({ name }) => name === file)!.id;
      const structures = trueImage(file).structures;
      const shown = structures.slice(0, structures.length - left);
      for (const { classIndex, rle } of shown) {
        const wish: DecisionRequest = {
          image,
          classIndex,
          verdict: 'corrected',
          counts: rleToString(rle),
          basedOn: 0,
        };
        await ask(`${path}api/decisions`, wish);
      }
      // Until the page has heard of all.
      await page
        .locator('.classes .state', { hasText: 'drawn' })
        .nth(shown.length - 1)
        .waitFor();
    };
    for (let done = 1; done <= 3; done++) {
      await page.locator('.item').first().click();
      await drawn(page);
      await draw(0);
      await page.keyboard.press('a');
      await page.locator('.progress b', { hasText: new RegExp(`^${done}$`) }).waitFor();
    }
    await page.locator('.item').first().click();
    await drawn(page);
    await draw(3);
    await page.reload();
    await page.locator('.item').first().click();
    await drawn(page);
    // One is being drawn.
    const file = await page.locator('.about .file').innerText();
    const structures = trueImage(file).structures;
    const { classIndex, rle } = structures.at(-2)!;
    await page.locator('.classes .choose').nth(classIndex).click();
    await page.keyboard.press('f');
    await page.keyboard.press('p');
    const { data: inside, width } = decodeRle(rle);
    const pixels = Array.from(inside.keys()).filter((i) => inside[i] === 1);
    const rows = [...new Set(pixels.map((i) => Math.floor(i / width)))];
    for (const y of rows.filter((_, i) => i % 6 === 0)) {
      const x = Math.min(...pixels.filter((i) => Math.floor(i / width) === y).map((i) => i % width));
      await page.mouse.click(...(await onPage(page, x, y)));
    }
    await drawn(page);
    await picture(page, 'label');
    expect(taken('label')).toBe(true);
  });
});
