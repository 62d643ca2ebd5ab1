import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReportData } from '../../src/report/data.ts';
import { percent, percentInterval } from '../../src/report/format.ts';
import { renderReport } from '../../src/report/report.ts';
import { temporaryFolder } from '../temporary.ts';
import { reportFixture } from './fixture.ts';

const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const reason = existsSync(CHROMIUM)
  ? ''
  : ` (skipped: no Chromium at ${CHROMIUM}; install it or set CHROMIUM_PATH)`;

describe.skipIf(reason !== '')(`the report in a browser${reason}`, () => {
  let folder: string;
  let browser: Browser;
  let data: ReportData;
  let url: string;

  beforeAll(async () => {
    folder = await temporaryFolder();
    const long = 'a_class_name_that_is_much_longer_than_anyone_would_like_it_to_be';
    data = await reportFixture({
      classes: ['<script>alert(1)</script>', 'ulna', long, 'd', 'e'],
      images: 4,
      cases: 2,
    });
    await writeFile(join(folder, 'report.html'), renderReport(data));
    url = pathToFileURL(join(folder, 'report.html')).href;
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
    });
  });

  afterAll(() => browser?.close());

  /** Opens the page, runs the check and returns what the page asked for or complained about. */
  async function onPage(
    options: BrowserContextOptions,
    check: (page: Page) => Promise<void>,
  ): Promise<string[]> {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const noise: string[] = [];
    page.on('request', (request) => {
      if (request.url() !== url && !request.url().startsWith('data:'))
        noise.push(`request: ${request.url()}`);
    });
    page.on('console', (message) => noise.push(`console: ${message.text()}`));
    page.on('pageerror', (error) => noise.push(`error: ${error.message}`));
    page.on('dialog', (dialog) => {
      noise.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.goto(url);
    await check(page);
    await context.close();
    return noise;
  }

  it.each([
    [1280, 'light'],
    [1280, 'dark'],
    [720, 'light'],
    [400, 'light'],
    [400, 'dark'],
  ] as const)(
    'opens at %i px, %s, with no request, no complaint and no overflow',
    async (width, colorScheme) => {
      const noise = await onPage({ viewport: { width, height: 900 }, colorScheme }, async (page) => {
        const overflow = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
        expect(overflow).toBeLessThanOrEqual(0);
        await page.click('details summary');
        expect(
          await page.evaluate('document.documentElement.scrollWidth - window.innerWidth'),
        ).toBeLessThanOrEqual(0);
      });
      expect(noise).toEqual([]);
    },
  );

  it('loads every picture at its size', async () => {
    await onPage({}, async (page) => {
      const sizes =
        await page.evaluate(`Promise.all([...document.querySelectorAll('image')].map(async (element) => {
        const picture = new Image();
        picture.src = element.getAttribute('href');
        await picture.decode();
        return [picture.naturalWidth, picture.naturalHeight];
      }))`);
      expect(sizes).toEqual(data.gallery.cases.map((shown) => [shown.width, shown.height]));
    });
  });

  it('shows in its tables the figures of the data', async () => {
    await onPage({}, async (page) => {
      for (const { split, stage, evaluation } of data.results) {
        const row = page.locator(`table[data-split="${split}"] tr[data-stage="${stage}"] td`);
        const texts = await row.allInnerTexts();
        const { dice, iou } = evaluation.overall;
        expect(texts.slice(0, 4).map((text) => text.split(/\s+/))).toEqual(
          [dice.present, dice.counted, iou.present, iou.counted].map((figure) => [
            percent(figure.mean),
            percentInterval(figure.interval),
          ]),
        );
      }
      const classes = await page.locator('table.classes tbody th').allTextContents();
      expect(classes).toEqual(data.results[0]!.evaluation.classes);
    });
  });

  it('enlarges a picture on click and by keyboard, and hides masks and shows outlines by switch', async () => {
    await onPage({ viewport: { width: 1280, height: 900 } }, async (page) => {
      const button = page.locator('.zoom').nth(2);
      const width = async (): Promise<number> => (await button.boundingBox())!.width;
      const small = await width();
      await button.click();
      expect(await width()).toBeGreaterThan(3 * small);
      expect(await button.getAttribute('aria-expanded')).toBe('true');
      await button.press('Enter');
      expect(await width()).toBe(small);

      const overlay = page.locator('.overlay').first();
      const edges = page.locator('.edges').first();
      expect([await overlay.isVisible(), await edges.isVisible()]).toEqual([true, false]);
      await page.uncheck('#show-masks');
      await page.check('#show-edges');
      expect([await overlay.isVisible(), await edges.isVisible()]).toEqual([false, true]);
    });
  });

  it('switches the curves from epochs to minutes', async () => {
    await onPage({ viewport: { width: 1280, height: 900 } }, async (page) => {
      expect(await page.locator('.by-minutes').isVisible()).toBe(false);
      await page.check('#by-minutes');
      expect(await page.locator('.by-minutes').isVisible()).toBe(true);
      expect(await page.locator('.by-epoch').isVisible()).toBe(false);
    });
  });

  it.each(['light', 'dark'] as const)(
    'keeps a contrast of 4.5 : 1 for text and 3 : 1 for marks in %s',
    async (colorScheme) => {
      await onPage({ colorScheme }, async (page) => {
        const colours = (await page.evaluate(`(() => {
        const style = getComputedStyle(document.documentElement);
        const names = ['surface', 'raised', 'ink', 'muted', 'accent', 'initial', 'refined', 'final', 'warn', 'warn-ground'];
        return Object.fromEntries(names.map((name) => [name, style.getPropertyValue('--' + name).trim()]));
      })()`)) as Record<string, string>;
        for (const name of ['ink', 'muted', 'accent', 'final'])
          expect(contrast(colours[name]!, colours.surface!)).toBeGreaterThan(4.5);
        for (const name of ['initial', 'refined'])
          expect(contrast(colours[name]!, colours.surface!)).toBeGreaterThan(3);
        expect(contrast(colours.muted!, colours.raised!)).toBeGreaterThan(4.5);
        expect(contrast(colours.warn!, colours['warn-ground']!)).toBeGreaterThan(4.5);
      });
    },
  );
});

/** Contrast ratio of WCAG 2 of two colours written #rrggbb. */
function contrast(a: string, b: string): number {
  const luminance = (colour: string): number => {
    const [red, green, blue] = [1, 3, 5].map((at) => {
      const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
  };
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light! + 0.05) / (dark! + 0.05);
}
