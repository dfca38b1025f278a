/**
 * Tabs of real Chromium take part in federations that `commonweight serve` leads, beside processes
 * and one another.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunResult } from '../../src/federation/record/run-result.js';
import { root, sample } from '../run-command.js';
import { chooseIdx, takePart, untilTraining } from './federation.js';
import { executablePath } from './open-browser.js';
import { tabs } from './tabs.js';

const picture = join(root, 'test/fixtures/pictures/sneaker.png');
/** From opening the first link to training in two tabs; seconds where nothing else is at work. */
const MOST_SECONDS = 120;
const LIMIT_MS = 240_000;

declare global {
  var clicks: number;
}

describe.skipIf(executablePath === undefined)('a tab', { timeout: LIMIT_MS }, () => {
  const { context, lead, open, opened } = tabs(LIMIT_MS);

  it('trains after three clicks, as does a second one, and ends with the model of the coordinator, beside a process', async () => {
    const served = await lead({}, 3);
    const process = served.join(0);
    await context().addInitScript(() => {
      globalThis.clicks = 0;
      addEventListener('click', () => globalThis.clicks++, true);
    });
    const began = performance.now();
    const pages = [await open(served, 1), await open(served, 2)];
    for (const page of pages) await takePart(page);
    for (const page of pages) {
      await page
        .getByText(/^Training in round 1/)
        .first()
        .waitFor();
      // The first was on the link.
      expect(await page.evaluate(() => globalThis.clicks)).toBe(2);
    }
    expect((performance.now() - began) / 1000).toBeLessThan(MOST_SECONDS);
    for (const page of pages) {
      await served.untilOver(page);
      const downloading = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Download as safetensors' }).click();
      expect((await readFile(await (await downloading).path())).equals(served.model())).toBe(true);
    }
    await process;
    expect(await served.coordinator.ended).toMatchObject({ status: 0, stderr: '' });

    // It changes nothing but rounding.
    const accuracies = accuraciesOf(served.result());
    const alone = accuraciesOf(await served.runAlone());
    expect(accuracies).toHaveLength(10);
    expect(Math.min(...accuracies)).toBeGreaterThan(0.4);
    for (const [place, accuracy] of accuracies.entries()) {
      expect(Math.abs(accuracy - alone[place]!)).toBeLessThan(0.003);
    }
  });

  it('goes on by itself when it is loaded again in the middle of a round', async () => {
    const served = await lead({ dataset: sample, model: { name: 'lenet5' }, local: { steps: 80 } });
    const process = served.join(0);
    const page = await open(served, 1);
    await chooseIdx(page);
    await untilTraining(page);
    await page.reload();
    await page.getByText('took part before the page was loaded again').waitFor();
    await served.untilOver(page);
    await process;
    expect(await served.coordinator.ended).toMatchObject({ status: 0 });
    const both = ['environment-1', 'environment-2'];
    const names = served.result().rounds.map(({ participants }) => participants.map(({ name }) => name));
    expect(names).toEqual([both, both]);
  });

  it('says what is wrong with a folder, and takes a right one afterwards', async () => {
    const served = await lead({});
    const page = await open(served, 0);
    const choose = async (files: Readonly<Record<string, 'picture' | 'text'>>) => {
      const folder = pictureFolder(files);
      opened({ close: async () => rmSync(folder, { recursive: true }) });
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

/** Of the last round: everybody's own model, the merged one, and the copies. */
function accuraciesOf({ rounds }: RunResult): number[] {
  const { participants, merged, copied } = rounds.at(-1)!;
  return [
    ...participants.flatMap((own) => [own.validation!.accuracy!, own.test!.accuracy!]),
    merged.mean!.test.accuracy!,
    ...copied.map(({ validation }) => validation.accuracy!),
  ];
}
