/** @file The review page of a run, in a browser, for each test of a file; what it complains about fails the test. */
import { rm } from 'node:fs/promises';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import type { RunDirectory } from '../../src/pipeline/run-directory.ts';
import { type Running, startReview } from '../../src/server/serve.ts';
import { smallRoomModel } from '../sam/fixtures.ts';
import { temporaryFolder } from '../temporary.ts';
import { closeTabs, drawn, launchBrowser, openTab } from './chromium.ts';

export interface ReviewPage {
  run(): RunDirectory;
  server(): Running;
  /** A new tab with the page, its image drawn; requests to `cutOff` fail. */
  open(options?: BrowserContextOptions, cutOff?: string): Promise<Page>;
  /** Complaints that were to be expected. */
  forgive(pattern: RegExp): void;
}

/** `write` makes the run in a folder, once for all tests; each begins without decisions. */
export function useReviewPage(write: (folder: string) => Promise<RunDirectory>): ReviewPage {
  let browser: Browser;
  let run: RunDirectory;
  let server: Running;
  let noise: string[];
  beforeAll(async () => {
    run = await write(await temporaryFolder());
    browser = await launchBrowser();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    noise = [];
    await rm(run.path('review'), { recursive: true, force: true });
    server = await startReview({
      folder: run.root,
      reviewer: 'ada',
      port: 0,
      model: smallRoomModel,
      note: (text) => noise.push(`defect: ${text}`),
    });
  });
  afterEach(async (context) => {
    await closeTabs(browser, context);
    await server.close();
    expect(noise).toEqual([]);
  });
  return {
    run: () => run,
    server: () => server,
    open: async (options = {}, cutOff) => {
      const page = await openTab(browser, server.url, noise, options);
      if (cutOff !== undefined) await page.route(cutOff, (route) => route.abort());
      await page.goto(server.url);
      await drawn(page);
      return page;
    },
    forgive: (pattern) => {
      noise = noise.filter((line) => !pattern.test(line));
    },
  };
}
