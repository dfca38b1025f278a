/** Tabs of real Chromium take part in federations that `commonweight serve` leads, beside processes and one another. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunResult } from '../../src/federation/record/run-result.js';
import { openGateway } from '../page-end/gateway.js';
import { CHROMIUM, requires } from '../requires.js';
import { root } from '../run-command.js';
import { type Served, serve, takePart, untilOver, untilTraining } from './federation.js';

const executablePath = requires(CHROMIUM);
const picture = join(root, 'test/fixtures/pictures/sneaker.png');
/** From opening the first link to training in two tabs; seconds where nothing else is at work. */
const MOST_SECONDS = 120;
const LIMIT_MS = 240_000;

declare global {
  var clicks: number;
}

describe.skipIf(executablePath === undefined)('a tab', { timeout: LIMIT_MS }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });
  afterAll(() => browser?.close());

  let context: BrowserContext;
  const closing: { close(): Promise<void> }[] = [];
  const errors: string[] = [];
  beforeEach(async () => {
    context = await browser.newContext();
    context.setDefaultTimeout(LIMIT_MS);
    context.on('weberror', (error) => errors.push(error.error().message));
  });
  afterEach(async () => {
    await context.close();
    for (const one of closing.splice(0)) await one.close();
    expect(errors.splice(0)).toEqual([]);
  });

  const lead = async (...args: Parameters<typeof serve>): Promise<Served> => {
    const served = await serve(...args);
    closing.push(served);
    return served;
  };
  const open = async (served: Served, participant: number, port = served.port): Promise<Page> => {
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${port}${served.link(participant)}`);
    return page;
  };

  it('ends with the model of the coordinator, beside another tab and a process, and changes nothing but rounding', async () => {
    const served = await lead({}, 3);
    const process = served.join(0);
    const pages = [await open(served, 1), await open(served, 2)];
    for (const page of pages) await takePart(page);
    for (const page of pages) {
      await untilOver(page);
      const downloading = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Download as safetensors' }).click();
      expect((await readFile(await (await downloading).path())).equals(served.model())).toBe(true);
    }
    const ended = { status: 0, stderr: '' };
    expect(await process).toMatchObject(ended);
    expect(await served.coordinator.ended).toMatchObject(ended);

    const accuracies = accuraciesOf(served.result());
    const alone = accuraciesOf(await served.runAlone());
    expect(accuracies).toHaveLength(10);
    expect(Math.min(...accuracies)).toBeGreaterThan(0.4);
    for (const [place, accuracy] of accuracies.entries()) {
      expect(Math.abs(accuracy - alone[place]!)).toBeLessThan(0.003);
    }
  });

  it('trains after three clicks, as does a second one, in little time', async () => {
    const served = await lead({}, 2);
    await context.addInitScript(() => {
      globalThis.clicks = 0;
      addEventListener('click', () => globalThis.clicks++, true);
    });
    const began = performance.now();
    const pages: Page[] = [];
    for (const participant of [0, 1]) {
      const page = await open(served, participant);
      await takePart(page);
      pages.push(page);
    }
    for (const page of pages) {
      await page
        .getByText(/^Training in round 1/)
        .first()
        .waitFor();
      // The first was on the link.
      expect(await page.evaluate(() => globalThis.clicks)).toBe(2);
    }
    const seconds = (performance.now() - began) / 1000;
    expect(seconds).toBeLessThan(MOST_SECONDS);
  });

  it('goes on by itself when it is loaded again in the middle of a round', async () => {
    const served = await lead({ local: { steps: 80 } });
    const process = served.join(0);
    const page = await open(served, 1);
    await takePart(page);
    await untilTraining(page);
    await page.reload();
    await page.getByText('was taking part before the page was loaded again').waitFor();
    await untilOver(page);
    expect(await process).toMatchObject({ status: 0 });
    expect(await served.coordinator.ended).toMatchObject({ status: 0 });
    expect(namesIn(served.result())).toEqual([both, both]);
  });

  it('goes on where it was when it is closed in the middle of an upload, and opened again', async () => {
    const served = await lead({ model: { name: 'mlp', hidden: [512] } });
    const process = served.join(0);
    const gateway = await openGateway(new Map());
    closing.unshift(gateway);
    gateway.hubPort = served.port;
    const page = await open(served, 1, gateway.port);
    await takePart(page);
    await untilTraining(page);
    // Nothing as large comes before the upload any more.
    const cut = await gateway.silentAfter(UPLOADED);
    while (served.partBytes(1) === 0) await turn();
    await page.close();
    cut();
    const again = await open(served, 1, gateway.port);
    await again.getByText('Round 1 was trained on this device before').waitFor();
    await untilOver(again);
    expect(await process).toMatchObject({ status: 0 });
    expect(await served.coordinator.ended).toMatchObject({ status: 0 });
    expect(gateway.offsets.filter((offset) => offset > 0)).toHaveLength(1);
    expect(namesIn(served.result())).toEqual([both, both]);
  });

  it('says that it is offline, and goes on by itself after ten seconds of it', async () => {
    const served = await lead({ local: { steps: 80 } });
    const process = served.join(0);
    const page = await open(served, 1);
    await takePart(page);
    await untilTraining(page);
    await context.setOffline(true);
    await page.getByText('No connection to the coordinator').waitFor();
    await delay(10_000);
    await context.setOffline(false);
    await page.getByText('No connection to the coordinator').waitFor({ state: 'detached' });
    await untilOver(page);
    expect(await process).toMatchObject({ status: 0 });
    expect(await served.coordinator.ended).toMatchObject({ status: 0 });
    expect(namesIn(served.result())).toEqual([both, both]);
  });

  it('says what is wrong with a folder, and takes a right one afterwards', async () => {
    const served = await lead({});
    const page = await open(served, 0);
    const choose = async (files: Readonly<Record<string, 'picture' | 'text'>>) => {
      const folder = pictureFolder(files);
      closing.push({ close: async () => rmSync(folder, { recursive: true }) });
      await page.getByLabel('Choose a folder').setInputFiles(folder);
    };
    const alert = page.getByRole('alert');
    const says = (sentence: RegExp) => alert.filter({ hasText: sentence }).waitFor();

    await choose({ 'a.png': 'picture', 'b.png': 'picture' });
    await says(/lie loose \("a\.png" and 1 more\), expected one folder a class/);
    await choose({ 'Bag/a.png': 'picture', 'Snaeker/b.png': 'picture' });
    await says(/the class "Snaeker", which this federation does not know, .*rename it, if it is "Sneaker"/);
    await choose({ 'Bag/a.png': 'picture', 'Sneaker/notes.png': 'text' });
    await says(/Sneaker\/notes\.png" cannot be decoded as PNG or JPEG/);
    await choose({ 'Bag/a.png': 'picture', 'Sneaker/b.png': 'picture' });
    await page.getByRole('button', { name: 'Start', exact: true }).waitFor();
    expect(await alert.count()).toBe(0);
  });
});

/** A new folder of these files. */
function pictureFolder(files: Readonly<Record<string, 'picture' | 'text'>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'commonweight-pictures-'));
  for (const [path, what] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    if (what === 'picture') copyFileSync(picture, join(folder, path));
    else writeFileSync(join(folder, path), 'not a picture');
  }
  return folder;
}

const both = ['environment-1', 'environment-2'];
const namesIn = ({ rounds }: RunResult) =>
  rounds.map(({ participants }) => participants.map(({ name }) => name));
/** Bytes of an update after which the connection is lost. */
const UPLOADED = 300_000;

/** Of the last round: everybody's own model, the merged one, and the copies. */
function accuraciesOf({ rounds }: RunResult): number[] {
  const { participants, merged, copied } = rounds.at(-1)!;
  return [
    ...participants.flatMap((own) => [own.validationAccuracy!, own.testAccuracy!]),
    merged.mean!.testAccuracy,
    ...copied.map(({ validationAccuracy }) => validationAccuracy),
  ];
}
