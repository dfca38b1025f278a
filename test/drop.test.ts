/** Folders of the disk, given to a page in Chromium by a real drop and a real `<input>`. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright';
import { build, type Rolldown } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PageFile } from '../src/data/page/page-files.js';
import { executablePath, openBrowser, STEP_MS } from './pages/open-browser.js';

declare const pageFiles: typeof import('../src/data/page/page-files.js');
/** What the page has read, once a folder was given to it. */
declare const given: Promise<{ path: string; text: string }[]>;

/** Chromium gives a hundred entries of a folder at a time. */
const MANY = 250;

async function script(): Promise<string> {
  const entry = join(import.meta.dirname, '../src/data/page/page-files.ts');
  const lib = { entry, formats: ['iife' as const], name: 'pageFiles' };
  const built = await build({ configFile: false, logLevel: 'warn', build: { write: false, lib } });
  const [{ output }] = built as [Rolldown.RolldownOutput];
  return output[0].code;
}

describe.skipIf(executablePath === undefined)('a folder of the disk', () => {
  let browser: Browser;
  let page: Page;
  let folder: string;
  let code: string;

  beforeAll(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'commonweight-drop-')), 'clothes');
    for (const name of ['shirts', 'shoes', '__MACOSX']) await mkdir(join(folder, name), { recursive: true });
    const put = (path: string) => writeFile(join(folder, path), path);
    for (let i = 0; i < MANY; i++) await put(`shirts/${i}.png`);
    for (const path of ['shoes/a.png', 'shoes/.DS_Store', 'shoes/Thumbs.db', '__MACOSX/b.png'])
      await put(path);
    code = await script();
    // A sandbox of its own needs rights that a container's root does not have.
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await rm(join(folder, '..'), { recursive: true });
  });

  beforeEach(async () => {
    page = await browser.newPage();
    page.setDefaultTimeout(STEP_MS);
    await page.route('http://drop.test/', (route) =>
      route.fulfill({
        contentType: 'text/html',
        body: '<!doctype html><title>a page</title><input type="file" webkitdirectory>',
      }),
    );
    await page.goto('http://drop.test/');
    await page.addScriptTag({ content: code });
    await page.evaluate(() => {
      const read = async (files: PageFile[]) =>
        Promise.all(files.map(async ({ path, file }) => ({ path, text: await file.text() })));
      const result = new Promise<PageFile[]>((resolve) => {
        addEventListener('dragover', (event) => event.preventDefault());
        addEventListener('drop', (event) => {
          event.preventDefault();
          resolve(pageFiles.filesOfDrop((event.dataTransfer as DataTransfer).items));
        });
        addEventListener('change', ({ target }) =>
          resolve(pageFiles.filesOfInput((target as HTMLInputElement).files as FileList)),
        );
      });
      Object.assign(globalThis, { given: result.then(read) });
    });
  });
  afterEach(() => page.close());

  async function expectAll() {
    const files = await page.evaluate(() => given);
    const paths = Array.from({ length: MANY }, (_, i) => `shirts/${i}.png`);
    expect(files.map(({ path }) => path).sort()).toEqual(
      [...paths, 'shoes/a.png'].map((path) => `clothes/${path}`).sort(),
    );
    for (const { path, text } of files) expect(path).toBe(`clothes/${text}`);
  }

  it('that is dropped is there with all its files', async () => {
    const devTools = await page.context().newCDPSession(page);
    const data = { items: [], files: [folder], dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
      await devTools.send('Input.dispatchDragEvent', { type, x: 100, y: 100, data });
    }
    await expectAll();
  });

  it('that is chosen by an input is there with all its files', async () => {
    await page.setInputFiles('input', folder);
    await expectAll();
  });
});
