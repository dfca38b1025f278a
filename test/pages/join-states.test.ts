/**
 * The join page in every state, in real Chromium: what a machine can find out about its
 * accessibility, and its width.
 */
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContext, Page } from 'playwright';
import { createServer, type ViteDevServer } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../run-command.js';
import { joinStates } from './join-states.js';
import { executablePath, openBrowser, STEP_MS } from './open-browser.js';

/** A folder for pictures of every state, for those who want to look at them. */
const pictures = process.env.PAGE_PICTURES;

const looks = [
  { name: 'light, narrow', colorScheme: 'light', width: 360, rules: undefined },
  // The other colours, and the other width: nothing else can differ.
  { name: 'dark, wide', colorScheme: 'dark', width: 1280, rules: ['color-contrast'] },
] as const;

describe.skipIf(executablePath === undefined)('the join page', () => {
  let server: ViteDevServer;
  let browser: Browser;
  beforeAll(async () => {
    server = await createServer({
      configFile: false,
      root,
      logLevel: 'error',
      cacheDir: 'dist/.vite-gallery',
      optimizeDeps: { noDiscovery: true, include: [] },
      server: { host: 'localhost', port: 0, hmr: false, watch: null },
    });
    await server.listen();
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  describe.each(looks)('$name', ({ name, colorScheme, width, rules }) => {
    let context: BrowserContext;
    let page: Page;
    const errors: string[] = [];
    beforeAll(async () => {
      context = await browser.newContext({
        ...{ colorScheme, viewport: { width, height: 900 }, reducedMotion: 'reduce' },
      });
      page = await context.newPage();
      page.setDefaultTimeout(STEP_MS);
      page.on('pageerror', ({ message }) => errors.push(message));
      await page.goto(`${server.resolvedUrls?.local[0]}test/pages/join-gallery.html`);
      await page.waitForFunction(() => 'showState' in globalThis);
    });
    afterAll(() => context?.close());

    it.each([...joinStates.keys()])('is accessible, and not wider than the window: %s', async (state) => {
      await page.evaluate((shown) => globalThis.showState(shown), state);
      if (pictures !== undefined) {
        const path = `${pictures}/${state}, ${name}.png`.replaceAll(/[ ,]+/g, '-');
        await page.screenshot({ path, fullPage: true });
      }
      // Without the page of its own in which the results would be put together.
      const axe = new AxeBuilder({ page }).setLegacyMode();
      const { violations } = await (rules === undefined ? axe : axe.withRules([...rules])).analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual(
        [],
      );
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      expect(errors).toEqual([]);
    });

    it('folds a long table of rounds, so that the model is found below', async () => {
      await page.evaluate((shown) => globalThis.showState(shown), 'finished after many rounds');
      const last = page.getByRole('rowheader', { name: '60', exact: true });
      expect(await last.isVisible()).toBe(false);
      await page.getByText('All 60 rounds').click();
      await last.waitFor();
    });
  });
});
