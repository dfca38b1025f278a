/**
 * Tabs of real Chromium take part in federations that `commonweight serve` leads, beside processes
 * and one another.
 */

import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeSafetensors } from '../../src/tensor/safetensors.js';
import { type StateDict, tensorView } from '../../src/tensor/state-dict.js';
import { root, sample } from '../run-command.js';
import { trainsBesideAProcess } from './beside-a-process.contract.js';
import { chooseIdx, untilTraining } from './federation.js';
import { executablePath } from './open-browser.js';
import { tabs } from './tabs.js';

const picture = join(root, 'test/fixtures/pictures/sneaker.png');

describe.skipIf(executablePath === undefined)('a tab', () => {
  const browser = tabs();
  const { lead, open, opened } = browser;

  // Two of them, and the figures of `run`: join.full.test.ts.
  trainsBesideAProcess(browser, 1, {
    model: { name: 'mlp', hidden: [64] },
    local: { steps: 60 },
    evaluateEvery: 2,
    refit: {},
  });

  it('goes on by itself when it is loaded again in the middle of a round, with a last layer of its own', async () => {
    // The last layer of lenet5, fc3, stays with each participant.
    const settings = { dataset: sample, model: { name: 'lenet5' }, local: { steps: 80 } } as const;
    const served = await lead({ ...settings, share: ['conv*', 'fc1.*', 'fc2.*'] });
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

    await page.getByRole('heading', { name: 'Your own model' }).waitFor();
    const downloading = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download as safetensors' }).click();
    const file = await readFile(await (await downloading).path());
    const [theirs, shared] = [file, served.model()].map((bytes) => decodeSafetensors(bytes, 'it').state);
    const own = theirs?.layout.flatMap(({ name }) => (name.startsWith('fc3.') ? [name] : []));
    expect(own).toEqual(['fc3.weight', 'fc3.bias']);
    expect(shared?.layout).toHaveLength((theirs?.layout.length ?? 0) - 2);
    for (const { name } of shared?.layout ?? [])
      expect(tensorView(theirs as StateDict, name)).toEqual(tensorView(shared as StateDict, name));
  });

  it('says what is wrong with a folder, and takes a right one afterwards', async () => {
    const served = await lead(ofNobodysPictures);
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
    await says(/"Snaeker".*which this federation does not know.*"Sneaker"/);
    await choose({ 'Bag/a.png': 'picture', 'Sneaker/notes.png': 'text' });
    await says(/Sneaker\/notes\.png" cannot be decoded as a picture/);
    await choose({ 'Bag/a.png': 'picture', 'Sneaker/b.png': 'picture' });
    await page.getByRole('button', { name: 'Start', exact: true }).waitFor();
    expect(await alert.count()).toBe(0);
  });
});

/** The classes of Fashion-MNIST, and none of its pictures. */
const ofNobodysPictures = {
  dataset: 'none',
  imageShape: [1, 28, 28],
  classNames: 'T-shirt,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Boot'.split(','),
  partition: { name: 'own', participants: 1 },
} as const;

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
