/** A tab of real Chromium takes part with texts, beside a process, and tries the merged model. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { ConfigurationInput } from '../../src/protocol/configuration/configuration.js';
import { decodeSafetensors } from '../../src/tensor/safetensors.js';
import { root } from '../run-command.js';
import { servedOverHub } from '../served-over-hub.js';
import { executablePath } from './open-browser.js';
import { tabs } from './tabs.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-text-'));
afterAll(() => rmSync(folder, { recursive: true }));
const texts = (file: string) => join(root, 'data/languages', file);
const { data, ...others } = parse(readFileSync(texts('federation.yaml'), 'utf8'));
const settings: ConfigurationInput = {
  ...{ ...others, seed: 1, rounds: 3, evaluateEvery: 1, dataset: 'none' },
  data: { ...data, sites: undefined },
  ...{ participants: ['brussels', 'lisbon'], partition: { name: 'own', participants: 2 } },
};

describe.skipIf(executablePath === undefined)('a tab', () => {
  const { lead, open } = tabs();

  it('takes part with a JSONL file as a process does, and reads the text that is entered', async () => {
    const served = await lead(settings);
    const process = served.join(0, texts('brussels.csv'));
    const page = await open(served, 1);
    await page.getByRole('cell', { name: 'the text' }).waitFor();
    const choose = (file: string) => page.getByLabel('Choose a file').setInputFiles(file);
    const broken = join(folder, 'broken.jsonl');
    writeFileSync(broken, readFileSync(texts('lisbon.jsonl'), 'utf8').replace('"Spanish"', '"Spanisch"'));
    await choose(broken);
    await page
      .getByRole('alert')
      .filter({ hasText: 'the label is "Spanisch", expected one of Dutch' })
      .waitFor();

    // A folder with a folder for each class is taken, too.
    for (const [language, text] of Object.entries({ English: 'good morning', Spanish: 'buenos días' })) {
      mkdirSync(join(folder, 'set', language), { recursive: true });
      writeFileSync(join(folder, 'set', language, '1.txt'), text);
    }
    await page.getByLabel('Choose a folder').setInputFiles(join(folder, 'set'));
    const label = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: /^label / }) });
    await label.getByRole('row', { name: 'Spanish 1', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Choose other data' }).click();

    await choose(texts('lisbon.jsonl'));
    await label.getByRole('row', { name: 'Portuguese 67', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await served.untilOver(page);
    await process;
    expect(await served.coordinator.ended).toMatchObject({ status: 0, stderr: '' });
    await page.getByLabel('text', { exact: true }).fill('Everyone has the right to rest.');
    await page.getByRole('button', { name: 'Predict' }).click();
    await page
      .locator('.answer strong')
      .filter({ hasText: /Dutch|English|Portuguese/ })
      .waitFor();

    const joining = { brussels: { data: texts('brussels.csv') }, lisbon: { data: texts('lisbon.jsonl') } };
    const native = await servedOverHub(folder, settings, {}, joining);
    const [theirs, own] = [readFileSync(join(native.out, 'model.safetensors')), served.model()].map(
      (bytes) => decodeSafetensors(bytes, 'it').state.data,
    );
    const differences = own!.map((value, at) => Math.abs(value - theirs![at]!));
    expect(Math.max(...differences)).toBeLessThan(1e-3);
  });

  it('reads texts by the coordinator’s tokenizer, and the text that is tried', async () => {
    const tokenizer = join(root, 'test/fixtures/tokenizers/wordpiece.json');
    const served = await lead({
      ...{
        ...settings,
        rounds: 1,
        participants: ['lisbon'],
        data: { ...data, sites: undefined, tokenizer, length: 32 },
      },
      partition: { name: 'own', participants: 1 },
    });
    const page = await open(served, 0);
    await page.getByLabel('Choose a file').setInputFiles(texts('lisbon.jsonl'));
    await page.getByRole('heading', { name: /^length in tokens/ }).waitFor();
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await served.untilOver(page);
    expect(await served.coordinator.ended).toMatchObject({ status: 0, stderr: '' });
    await page.getByLabel('text', { exact: true }).fill('Everyone has the right to rest.');
    await page.getByRole('button', { name: 'Predict' }).click();
    await page
      .locator('.answer strong')
      .filter({ hasText: /English|Portuguese|Spanish/ })
      .waitFor();
  });
});
