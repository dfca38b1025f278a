/**
 * A tab of real Chromium takes part with a folder of pictures whose labels are in a table, and
 * another with a folder of pictures and masks, as processes do.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { afterAll, describe, expect, it } from 'vitest';
import { png } from '../../src/data/images/png.js';
import type { ConfigurationInput } from '../../src/protocol/configuration/configuration.js';
import { decodeSafetensors } from '../../src/tensor/safetensors.js';
import { servedOverHub } from '../served-over-hub.js';
import { executablePath } from './open-browser.js';
import { tabs } from './tabs.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-annotated-'));
afterAll(() => rmSync(folder, { recursive: true }));
const [HEIGHT, WIDTH, PICTURES] = [8, 12, 10];

/** The left half of picture i is bright if i is odd, the right half if i is above 4. */
const isBright = (i: number, at: number) => (at % WIDTH < WIDTH / 2 ? i % 2 === 1 : i > 4);

function write(path: string, value: (at: number) => number): void {
  const bytes = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, at) => value(at));
  writeFileSync(path, png({ width: WIDTH, height: HEIGHT, channels: 1, bytes }));
}

const labelled = join(folder, 'labelled');
const masked = join(folder, 'masked');
for (const path of ['labelled', 'masked/images', 'masked/masks'])
  mkdirSync(join(folder, path), { recursive: true });
for (let i = 0; i < PICTURES; i++) {
  for (const path of [labelled, join(masked, 'images')])
    write(join(path, `p${i}.png`), (at) => (isBright(i, at) ? 220 : 20) + ((7 * at + i) % 13));
  write(join(masked, 'masks', `p${i}.png`), (at) => (isBright(i, at) ? 2 : 1));
}
const rows = Array.from({ length: PICTURES }, (_, i) => `p${i}.png,${i % 2},${Number(i > 4)}\n`);
const table = `file,left,right\n${rows.join('')}`;
writeFileSync(join(labelled, 'labels.csv'), table);

const settings: ConfigurationInput = {
  ...{ seed: 3, dataset: 'none', imageShape: [1, HEIGHT, WIDTH], participants: ['own'] },
  ...{ partition: { name: 'own', participants: 1 }, batchSize: 4 },
  ...{ optimizer: { name: 'sgd', learningRate: 0.1 }, local: { epochs: 2 }, rounds: 1 },
  model: { name: 'mlp', hidden: [8] },
};
const labels: ConfigurationInput = {
  ...settings,
  data: { kind: 'pictures', labels: { file: 'labels.csv', columns: ['left', 'right'] } },
};
const masks: ConfigurationInput = {
  ...settings,
  model: { name: 'unet' },
  data: { kind: 'pictures', masks: { folder: 'masks', classes: { dark: 1, bright: 2 } } },
};

/** The largest distance of the tab's weights from those of a process with the same folder. */
async function apartFromProcess(own: Buffer, of: ConfigurationInput, data: string): Promise<number> {
  const native = await servedOverHub(mkdtempSync(join(folder, 'native-')), of, {}, { own: { data } });
  const [theirs, mine] = [readFileSync(join(native.out, 'model.safetensors')), own].map(
    (bytes) => decodeSafetensors(bytes, 'it').state.data,
  );
  return Math.max(...mine!.map((weight, at) => Math.abs(weight - theirs![at]!)));
}

describe.skipIf(executablePath === undefined)('a tab', () => {
  const { lead, open } = tabs();
  const choose = (page: Page, path: string) => page.getByLabel('Choose a folder').setInputFiles(path);
  const start = (page: Page) => page.getByRole('button', { name: 'Start', exact: true }).click();
  const counted = (page: Page, name: string) => page.getByRole('row', { name, exact: true });
  const shown = (page: Page) => page.locator('main').textContent();

  it('takes part with pictures that a table labels, and says what is wrong with the table', async () => {
    const served = await lead(labels);
    const page = await open(served, 0);
    await page.getByText('0 or 1 in the columns left, right').waitFor();
    expect(await page.getByLabel('Choose IDX files').count()).toBe(0);

    writeFileSync(join(labelled, 'labels.csv'), table.replace('p3.png,1', 'p3.png,maybe'));
    await choose(page, labelled);
    const alert = page.getByRole('alert');
    await alert.filter({ hasText: 'line 5: "p3.png" has "maybe" in "left", expected 0 or 1' }).waitFor();
    writeFileSync(join(labelled, 'labels.csv'), table);
    await choose(page, labelled);
    await counted(page, 'left 5').waitFor();
    expect(await shown(page)).toContain('For training9For validation1');
    await start(page);
    await served.untilOver(page);
    expect(await served.coordinator.ended).toMatchObject({ status: 0, stderr: '' });
    expect(await apartFromProcess(served.model(), labels, labelled)).toBeLessThan(1e-5);

    await page.getByLabel('Choose a picture').setInputFiles(join(labelled, 'p1.png'));
    await page.locator('tr', { hasText: 'left' }).locator('data').waitFor();
    expect(await page.locator('.answer tr data').count()).toBe(2);
  });

  it('takes part with pictures and masks, and predicts a mask', async () => {
    const served = await lead(masks);
    const page = await open(served, 0);
    await page.getByText('1 is “dark”, 2 is “bright”').waitFor();
    write(join(masked, 'masks', 'p3.png'), (at) => (at === 13 ? 7 : 1));
    await choose(page, masked);
    await page
      .getByRole('alert')
      .filter({ hasText: 'masks/p3.png" has the value 7 in 1 pixels, the first at row 2, column 2' })
      .waitFor();
    write(join(masked, 'masks', 'p3.png'), (at) => (isBright(3, at) ? 2 : 1));
    await choose(page, masked);
    await counted(page, 'bright 480').waitFor();
    expect(await page.getByRole('img', { name: /^the mask of / }).count()).toBe(8);
    await start(page);
    await served.untilOver(page);
    expect(await served.coordinator.ended).toMatchObject({ status: 0, stderr: '' });
    expect(await apartFromProcess(served.model(), masks, masked)).toBeLessThan(1e-5);

    await page.getByLabel('Choose a picture').setInputFiles(join(masked, 'images/p1.png'));
    await page.getByRole('img', { name: 'the predicted mask' }).waitFor();
    const parts = await page
      .locator('.answer tr data')
      .evaluateAll((all) => all.map((one) => Number(one.getAttribute('value'))));
    expect(parts.reduce((sum, part) => sum + part)).toBeCloseTo(1, 6);
  });
});
