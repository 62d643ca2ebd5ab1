/** The canvas under pen, fingers and keys alone, and what it shows: stages, prompts, single classes, the bare image. */
import { readFile, writeFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { coco } from '../../src/annotations/coco.ts';
import type { PointXy } from '../../src/base/geometry.ts';
import { decodeRle, rleFromString } from '../../src/masks/rle.ts';
import type { RunDirectory } from '../../src/pipeline/run-directory.ts';
import { readDecisions } from '../../src/review/decision-journal.ts';
import { writeFinishedRun } from '../review/finished-run.ts';
import { coloursAt, drawn, onPage, PATIENT, whyNoBrowser } from './chromium.ts';
import { useReviewPage } from './review-page.ts';

const SIZE = { height: 320, width: 272 };
/** By which the refiner is said to have asked for every mask. */
const PROMPT = { box: [40, 60, 120, 200], positive: [80, 130], negatives: [[200, 40]] };

async function writeRun(folder: string): Promise<RunDirectory> {
  const run = await writeFinishedRun(folder, { size: SIZE, classes: 4, unlabelled: 2 });
  const path = run.masks('refined', 'unlabelled');
  const file = JSON.parse(await readFile(path, 'utf8'));
  for (const one of file.annotations) one.packmule = { ...one.packmule, prompt: PROMPT };
  await writeFile(path, JSON.stringify(file));
  return run;
}

describe.skipIf(whyNoBrowser !== '')(`hands and eyes on the canvas${whyNoBrowser}`, () => {
  const review = useReviewPage(writeRun);

  const viewport = async (page: Page): Promise<string> =>
    (await page.getAttribute('canvas', 'data-viewport')) as string;
  /** Fingers at places of the page; those that are left out are lifted. */
  async function touch(
    page: Page,
  ): Promise<(type: 'touchStart' | 'touchMove' | 'touchEnd', at: readonly PointXy[]) => Promise<unknown>> {
    const session = await page.context().newCDPSession(page);
    return (type, at) =>
      session.send('Input.dispatchTouchEvent', {
        type,
        touchPoints: at.map(([x, y], id) => ({ x, y, id })),
      });
  }
  /** There is one step to be undone. */
  async function drewOnce(page: Page): Promise<void> {
    const undo = page.getByRole('button', { name: 'Undo' });
    expect(await undo.isEnabled()).toBe(true);
    await page.keyboard.press('Control+z');
    expect(await undo.isEnabled()).toBe(false);
    await page.keyboard.press('Control+Shift+z');
  }
  const save = async (page: Page): Promise<(x: number, y: number) => number> => {
    await page.keyboard.press('a');
    await page.locator('.progress b', { hasText: /^1$/ }).waitFor();
    const [decision] = await readDecisions(review.run().decisions);
    const { data } = decodeRle(rleFromString(decision!.counts!, SIZE));
    return (x, y) => data[y * SIZE.width + x]!;
  };
  const shift = ([x, y]: PointXy, dx: number, dy: number): PointXy => [x + dx, y + dy];

  it('a finger draws, two move and zoom and leave nothing of what the first one began', PATIENT, async () => {
    const page = await review.open({ hasTouch: true });
    const fingers = await touch(page);
    await page.keyboard.press('b');
    const [from, to] = [await onPage(page, 20, 20), await onPage(page, 60, 20)];
    await fingers('touchStart', [from]);
    await fingers('touchMove', [to]);
    await fingers('touchEnd', []);
    expect(await page.locator('.about .edited').count()).toBe(1);

    const before = await viewport(page);
    const middle = await onPage(page, 230, 290);
    await fingers('touchStart', [middle]);
    await fingers('touchStart', [middle, shift(middle, -60, 0)]);
    await fingers('touchMove', [shift(middle, 60, 0), shift(middle, -120, 0)]);
    await fingers('touchEnd', []);
    await drawn(page);
    expect(Number((await viewport(page)).split(' ')[0])).toBeGreaterThan(2 * Number(before.split(' ')[0]));
    await drewOnce(page);
    const at = await save(page);
    expect([at(20, 20), at(40, 20), at(60, 20)]).toEqual([1, 1, 1]);
  });

  it('a pen draws, and fingers only move from then on', PATIENT, async () => {
    const page = await review.open({ hasTouch: true });
    const session = await page.context().newCDPSession(page);
    const pen = async (
      type: 'mousePressed' | 'mouseMoved' | 'mouseReleased',
      place: PointXy,
    ): Promise<void> => {
      const [x, y] = await onPage(page, ...place);
      const pressed = type === 'mouseReleased' ? {} : { buttons: 1, force: 0.5 };
      await session.send('Input.dispatchMouseEvent', {
        type,
        x,
        y,
        button: 'left',
        clickCount: 1,
        pointerType: 'pen',
        ...pressed,
      });
    };
    await page.keyboard.press('b');
    await pen('mousePressed', [20, 20]);
    await pen('mouseMoved', [60, 20]);
    await pen('mouseReleased', [60, 20]);
    const before = await viewport(page);
    const fingers = await touch(page);
    const palm = await onPage(page, 230, 290);
    await fingers('touchStart', [palm]);
    await fingers('touchMove', [shift(palm, -40, -30)]);
    await fingers('touchEnd', []);
    await drawn(page);
    expect(await viewport(page)).not.toBe(before);
    await drewOnce(page);
    const at = await save(page);
    expect([at(20, 20), at(40, 20), at(60, 20)]).toEqual([1, 1, 1]);
  });

  it('keys alone choose a tool, go to a place, draw there, window, and save', PATIENT, async () => {
    const page = await review.open();
    await page.keyboard.press('i');
    await page.keyboard.press('b');
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press('Tab');
      if ((await page.evaluate('document.activeElement.tagName')) === 'CANVAS') break;
    }
    const queued = await page.locator('.item[aria-current] img').getAttribute('src');
    for (let i = 0; i < 8; i++) await page.keyboard.press('Shift+ArrowUp');
    await page.keyboard.press('Enter');
    for (let i = 0; i < 3; i++) await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Shift+ArrowDown');
    expect(await page.locator('.item[aria-current] img').getAttribute('src')).toBe(queued);
    const [scale, left, top] = (await viewport(page)).split(' ').map(Number) as [number, number, number];
    const { width, height } = (await page.locator('canvas').boundingBox())!;
    const y = Math.round((height / 2 - 8 * 32 - top) / scale - 0.5);
    const x = (press: number): number => Math.round((width / 2 + 32 * press - left) / scale - 0.5);

    await page.keyboard.press('h');
    await drawn(page);
    const [grey] = await coloursAt(page, [[100, 120]]);
    for (const key of ['l', 'l']) await page.keyboard.press(key);
    await drawn(page);
    const [light] = await coloursAt(page, [[100, 120]]);
    await page.keyboard.press('n');
    await drawn(page);
    const [negative] = await coloursAt(page, [[100, 120]]);
    expect(light![0]).toBeGreaterThan(grey![0]!);
    expect(Math.abs(light![0]! + negative![0]! - 255)).toBeLessThanOrEqual(1);
    const at = await save(page);
    expect([at(x(0), y), at(x(1), y), at(x(3), y), at(x(3), y + 20)]).toEqual([1, 1, 1, 0]);
  });

  it('shows of each stage its own pixels, and none while Space is held', PATIENT, async () => {
    const page = await review.open();
    await page.keyboard.press('i');
    await page.getByLabel('Fill').fill('100');
    await page.getByLabel('Prompts of the refiner').uncheck();
    await page.keyboard.press('o');
    const [name, file] = await Promise.all(
      ['.about b', '.about .file'].map(async (one) => (await page.locator(one).innerText()).trim()),
    );
    const places = Array.from({ length: 900 }, (_, i) => [(i % 30) * 9, Math.floor(i / 30) * 10] as const);
    const coloured = async (): Promise<boolean[]> => {
      await drawn(page);
      return (await coloursAt(page, places)).map(([red, green, blue]) => red !== green || green !== blue);
    };
    const masked = async (folder: 'refined' | 'predicted' | 'final'): Promise<boolean[]> => {
      const { classes, images } = await coco.read(review.run().masks(folder, 'unlabelled'));
      const { structures } = images.find(({ fileName }) => fileName === file)!;
      const { data } = decodeRle(structures.find(({ classIndex }) => classes[classIndex] === name)!.rle);
      return places.map(([x, y]) => data[y * SIZE.width + x] === 1);
    };
    expect(await coloured()).toEqual(await masked('refined'));
    await page.keyboard.press('1');
    expect(await coloured()).toEqual(await masked('predicted'));
    await page.keyboard.press('2');
    expect(await coloured()).toEqual(await masked('final'));
    await page.keyboard.press('2');
    expect(await coloured()).toEqual(await masked('refined'));
    // On a box to be ticked Space ticks it.
    await page.locator('canvas').focus();
    await page.keyboard.down(' ');
    expect((await coloured()).some((is) => is)).toBe(false);
    await page.keyboard.up(' ');
    await page.getByRole('button', { name: `Show ${name}`, exact: true }).click();
    expect((await coloured()).some((is) => is)).toBe(false);
  });

  it('shows by which box and points the refiner asked, unless told not to', PATIENT, async () => {
    const page = await review.open();
    for (const key of ['i', 'o']) await page.keyboard.press(key);
    await page.getByLabel('Fill').fill('0');
    // Beside its lines a plus is white, and the line of a minus is; of a dashed line of the box some pixels are.
    const seen = async (): Promise<boolean[]> => {
      await drawn(page);
      const [plus, minus, ...line] = await coloursAt(page, [
        [81.5, 131.5],
        [200, 40],
        ...Array.from({ length: 40 }, (_, i) => [50 + i, 60] as const),
      ]);
      return [plus![0]! > 230, minus![0]! > 230, line.some(([red]) => red! > 230)];
    };
    expect(await seen()).toEqual([true, true, true]);
    await page.getByLabel('Prompts of the refiner').uncheck();
    expect(await seen()).not.toContain(true);
  });

  it('stretches the masks while it zooms, and then is as sharp as when it is drawn anew', async () => {
    const page = await review.open();
    const [x, y] = await onPage(page, 100, 120);
    await page.evaluate(`globalThis.pixels = () => {
      const { width, height } = document.querySelector('canvas');
      const context = new OffscreenCanvas(width, height).getContext('2d');
      context.drawImage(document.querySelector('canvas'), 0, 0);
      return context.getImageData(0, 0, width, height).data;
    };
    globalThis.largest = (a, b) => a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
    globalThis.frame = () => new Promise((done) => requestAnimationFrame(done));`);
    // In the frame that draws it, which is asked for before the one that looks.
    await page.evaluate(`(async () => {
      for (let i = 0; i < 3; i++) {
        document.querySelector('canvas').dispatchEvent(new WheelEvent('wheel',
          { bubbles: true, cancelable: true, clientX: ${x}, clientY: ${y}, deltaY: 40 }));
        await frame();
      }
      globalThis.moving = pixels();
    })()`);
    // The page's own timer is the earlier one, and so is the frame that it asks for.
    await page.evaluate('new Promise((done) => setTimeout(done, 500))');
    await drawn(page);
    await page.evaluate('globalThis.rested = pixels(); 0');
    // Outlines off and on again: nothing that was kept is of use.
    for (let i = 0; i < 2; i++) {
      await page.keyboard.press('o');
      await drawn(page);
    }
    expect(await page.evaluate('largest(moving, rested)')).toBeGreaterThan(32);
    // Pictures that went over a canvas of their own may differ by what rounding leaves.
    expect(await page.evaluate('largest(pixels(), rested)')).toBeLessThan(16);
  });
});
