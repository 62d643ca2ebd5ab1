/** From a dropped folder to the second round, in one browser: what somebody does who has images and nothing else. */
import { cp, mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { coco } from '../../src/annotations/coco.ts';
import type { AnnotationSet } from '../../src/annotations/types.ts';
import type { PointXy } from '../../src/base/geometry.ts';
import { writePhantomDataset } from '../../src/dataset/phantom/write.ts';
import { decodeRle, type Rle } from '../../src/masks/rle.ts';
import { readDecisions } from '../../src/review/decision-journal.ts';
import { type ServerProcess, startServerCli } from '../cli/server.ts';
import { temporaryFolder } from '../temporary.ts';
import {
  drawn,
  focusOrder,
  launchBrowser,
  lowContrastInBoth,
  onPage,
  openTab,
  whyNoBrowser,
} from './chromium.ts';
import { suggested } from './label-page.ts';

const SIZE = { height: 416, width: 320 };

/** Little enough to be learnt in seconds. */
const SETTINGS = `name: hands
data:
  root: .
training: { base: 4, levels: 3, epochs: 12, samplesPerEpoch: 8, batch: 4, inputSize: [64, 48] }
refine: { refiner: random-walker }
evaluation: { resamples: 100 }
report: { cases: 1, pictureSide: 64 }
threads: 1
device: cpu
`;

describe.skipIf(whyNoBrowser !== '')(`a whole story in a browser${whyNoBrowser}`, () => {
  let browser: Browser;
  let project: string;
  let folder: string;
  let truth: AnnotationSet;
  let server: ServerProcess | undefined;
  const noise: string[] = [];

  beforeAll(async () => {
    browser = await launchBrowser();
    // The system's temporary folder may be a link, and the server knows folders as they really are.
    const home = await realpath(await temporaryFolder());
    project = join(home, 'project');
    folder = join(home, 'usb-stick', 'hands');
    await mkdir(project);
    const counts = { labelled: 1, val: 0, test: 0, unlabelled: 8 };
    await writePhantomDataset(join(home, 'phantoms'), { seed: 3, classes: 10, size: SIZE, counts });
    truth = await coco.read(join(home, 'phantoms', 'unlabelled-truth.json'));
    await mkdir(folder, { recursive: true });
    await cp(join(home, 'phantoms', 'unlabelled', 'images'), join(folder, 'images'), { recursive: true });
    await writeFile(join(folder, 'packmule.yaml'), SETTINGS);
    await writeFile(join(folder, 'notes.docx'), 'of no use here');
    server = await startServer(home);
  });
  afterAll(async () => {
    await browser?.close();
    server?.child.kill('SIGINT');
    await server?.ended;
  });

  const startServer = (home: string): Promise<ServerProcess> =>
    startServerCli(project, ['start', '--reviewer', 'ada'], { HOME: home });

  /** A folder of the disk let fall on the drop zone, as a hand with a mouse would. */
  async function drop(page: Page, path: string): Promise<void> {
    const { x, y, width, height } = (await page.locator('.drop').boundingBox())!;
    const session = await page.context().newCDPSession(page);
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
      await session.send('Input.dispatchDragEvent', {
        type,
        x: x + width / 2,
        y: y + height / 2,
        data: { items: [], files: [path], dragOperationsMask: 1 },
      });
    }
  }

  /** Corners of a polygon around a mask, as one would click them: farthest pixels in all directions. */
  function corners(rle: Rle): PointXy[] {
    const { data, width } = decodeRle(rle);
    const inside = Array.from(data.keys())
      .filter((i) => data[i] === 1)
      .map((i): PointXy => [i % width, Math.floor(i / width)]);
    const mean = (axis: 0 | 1): number => inside.reduce((sum, point) => sum + point[axis], 0) / inside.length;
    const [cx, cy] = [mean(0), mean(1)];
    return Array.from({ length: 20 }, (_, k): PointXy => {
      const [dx, dy] = [Math.cos((k * Math.PI) / 10), Math.sin((k * Math.PI) / 10)];
      // The one that goes on farthest in this direction without leaving it much to the side.
      return inside.reduce((best, [x, y]) => {
        const reach = ([px, py]: PointXy): number =>
          (px - cx) * dx + (py - cy) * dy - 3 * Math.abs((px - cx) * dy - (py - cy) * dx);
        return reach([x, y]) > reach(best) ? ([x, y] as const) : best;
      }, inside[0]!);
    });
  }

  async function drawClass(page: Page, className: string, key: string): Promise<void> {
    const file = await page.locator('.about .file').innerText();
    const image = truth.images.find(({ fileName }) => fileName === file)!;
    const classIndex = truth.classes.indexOf(className);
    const structure = image.structures.find((one) => one.classIndex === classIndex)!;
    await page.keyboard.press(key);
    await page.locator('.about b', { hasText: className }).waitFor();
    await page.keyboard.press('p');
    for (const corner of corners(structure.rle)) await page.mouse.click(...(await onPage(page, ...corner)));
    await page.keyboard.press('c');
    await page.locator('.classes .is-current .state', { hasText: 'drawn' }).waitFor();
  }

  const finished = (page: Page) => page.locator('.title .state', { hasText: 'Finished' }).waitFor();

  // Two runs, each in a process of its own.
  it('drops a folder, annotates, runs, reviews, corrects by a click, and runs a second round', {
    timeout: 600_000,
  }, async () => {
    const page = await openTab(browser, server!.url, noise, {
      colorScheme: 'light',
      viewport: { width: 1280, height: 860 },
    });
    await page.goto(server!.url);
    await page.locator('.drop').waitFor();
    expect(await lowContrastInBoth(page)).toEqual([]);
    expect(await focusOrder(page, 6)).toEqual([
      'Packmule',
      'Start',
      'Runs',
      'Choose a folder …',
      'Path of the folder',
      'Browse …',
    ]);

    await drop(page, folder);
    await page.getByText('8 images, and none is outlined yet').waitFor();
    const copied = join(project, 'hands');
    expect(await page.locator('.title .path').innerText()).toBe('~/project/hands');
    expect(await readFile(join(copied, 'packmule.yaml'), 'utf8')).toBe(SETTINGS);
    await expect(readFile(join(copied, 'notes.docx'))).rejects.toThrow('ENOENT');

    await page.getByRole('button', { name: 'Outline images' }).click();
    await drawn(page);
    const classes = [truth.classes[0]!, truth.classes[1]!];
    for (const name of classes) {
      await page.getByLabel('New class').fill(name);
      await page.keyboard.press('Enter');
      await page.locator('.classes .is-current .name', { hasText: name }).waitFor();
    }
    await suggested(page);
    await page.locator('.item').first().click();
    for (let done = 1; done <= 4; done++) {
      await drawn(page);
      await drawClass(page, classes[0]!, '1');
      await drawClass(page, classes[1]!, '2');
      await page.keyboard.press('v');
      await page.locator('.save', { hasText: 'All saved' }).waitFor();
      if (done === 3) {
        await page.emulateMedia({ colorScheme: 'dark' });
        await drawn(page);
        expect(await lowContrastInBoth(page)).toEqual([]);
        await page.emulateMedia({ colorScheme: 'light' });
      }
      await page.keyboard.press('a');
      await page.locator('.progress b', { hasText: new RegExp(`^${done}$`) }).waitFor();
    }

    await page.getByRole('link', { name: 'Packmule' }).click();
    await page.getByText('There is no run yet').waitFor();
    await page.getByRole('link', { name: 'Begin with a folder' }).click();
    await page.getByLabel('Path of the folder').fill('~/project/hands');
    await page.keyboard.press('Enter');
    await page.getByText('Every image can be read and fits its outlines.').waitFor();
    expect(await lowContrastInBoth(page)).toEqual([]);
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.locator('.stages .is-working').first().waitFor();
    await finished(page);
    expect(await page.locator('.stages .is-done').count()).toBeGreaterThan(5);
    expect(await page.locator('polyline').count()).toBe(4);
    expect(await lowContrastInBoth(page)).toEqual([]);

    const report = page.context().waitForEvent('page');
    await page.getByRole('link', { name: 'Report' }).click();
    const shown = await report;
    await shown.getByRole('heading', { name: 'hands' }).first().waitFor();
    expect(await shown.evaluate('origin')).toBe('null');
    await shown.close();

    await page.getByRole('button', { name: 'Review the masks' }).click();
    await drawn(page);
    await page.keyboard.press('w');
    const box = (await page.locator('canvas').boundingBox())!;
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    await page.locator('.about .edited').waitFor();
    await page.keyboard.press('a');
    await page.locator('.progress b', { hasText: /^1$/ }).waitFor();
    await page.keyboard.press('a');
    await page.locator('.progress b', { hasText: /^2$/ }).waitFor();
    const decisions = await readDecisions(join(project, 'runs', 'hands', 'review', 'decisions.jsonl'));
    expect(decisions.map(({ verdict, by }) => [verdict, by])).toEqual([
      ['corrected', 'ada'],
      ['accepted', 'ada'],
    ]);

    await page.getByRole('link', { name: 'Packmule' }).click();
    await page.getByRole('link', { name: 'hands' }).click();
    await page.getByRole('button', { name: 'Next round: learn from 2 decided masks' }).click();
    await page.locator('h2', { hasText: 'hands-round-2' }).waitFor();
    await finished(page);
    const { config } = JSON.parse(
      await readFile(join(project, 'runs', 'hands-round-2', 'config.json'), 'utf8'),
    );
    expect(config.reviews).toEqual([join(project, 'runs', 'hands')]);

    await page.getByRole('link', { name: 'Runs' }).click();
    for (const name of ['hands', 'hands-round-2'])
      await page.getByLabel(`Compare ${name}`, { exact: true }).check();
    expect(await lowContrastInBoth(page)).toEqual([]);
    await page.getByRole('button', { name: 'Compare the two chosen' }).click();
    await page.getByRole('cell', { name: '["hands"]' }).waitFor();
    expect(await lowContrastInBoth(page)).toEqual([]);
    expect(noise).toEqual([]);
  });
});
