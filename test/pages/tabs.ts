/**
 * A browser for a file of tests, and what each of them leads and opens in it. Whatever a page
 * throws fails its test. To be called within a `describe`.
 */
import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { type Served, serve } from './federation.js';
import { openBrowser, STEP_MS } from './open-browser.js';

export function tabs() {
  let browser: Browser;
  let context: BrowserContext;
  const closing: { close(): Promise<void> }[] = [];
  const errors: string[] = [];
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    context = await browser.newContext();
    context.setDefaultTimeout(STEP_MS);
    context.on('weberror', (error) => errors.push(error.error().message));
  });
  afterEach(async () => {
    await context.close();
    for (const one of closing.splice(0)) await one.close();
    expect(errors.splice(0)).toEqual([]);
  });
  return {
    context: () => context,
    /** Closed after the test, before what was opened earlier. */
    opened(one: { close(): Promise<void> }): void {
      closing.unshift(one);
    },
    async lead(...args: Parameters<typeof serve>): Promise<Served> {
      const served = await serve(...args);
      closing.unshift(served);
      return served;
    },
    async open(served: Served, participant: number, port = served.port): Promise<Page> {
      const page = await context.newPage();
      await page.goto(`http://127.0.0.1:${port}${served.link(participant)}`);
      return page;
    },
  };
}
