/**
 * A tab of real Chromium takes part with a table, beside processes, and another with arrays. The
 * survey before round 1 counts classes, too, for the weights of the loss.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { ConfigurationInput } from '../../src/protocol/configuration/configuration.js';
import { decodeSafetensors } from '../../src/tensor/safetensors.js';
import { everyCase, itAtLength, some } from '../every-case.js';
import { commonweight, root } from '../run-command.js';
import { servedOverHub } from '../served-over-hub.js';
import { executablePath } from './open-browser.js';
import { tabs } from './tabs.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-table-'));
afterAll(() => rmSync(folder, { recursive: true }));

const heart = (file: string) => join(root, 'data/heart-disease', file);
/** `npm test` has one process beside the tab, the longer tests three. */
const others = some(['cleveland', 'switzerland', 'long-beach']);
const participants = [...others, 'hungary'];
const settings: ConfigurationInput = {
  ...parse(readFileSync(heart('across-machines.yaml'), 'utf8')),
  ...{ participants, partition: { name: 'own', participants: participants.length } },
  ...{ seed: 1, rounds: 3, evaluateEvery: 1 },
  loss: { name: 'softmax-cross-entropy', classWeights: 'balanced' },
};

describe.skipIf(executablePath === undefined)('a tab', () => {
  const { lead, open } = tabs();
  const choose = (page: Page, file: string) => page.getByLabel('Choose a file').setInputFiles(file);
  const start = (page: Page) => page.getByRole('button', { name: 'Start', exact: true }).click();
  const column = (page: Page, name: string) =>
    page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: new RegExp(`^${name} `) }) });

  it('takes part with a hospital’s table as a process does, and predicts the patient who is entered', async () => {
    const served = await lead(settings);
    const processes = others.map((name, place) => served.join(place, heart(`${name}.csv`)));
    const page = await open(served, others.length);
    await page.getByRole('cell', { name: '“disease” where it is > 0' }).waitFor();

    const broken = join(folder, 'broken.csv');
    writeFileSync(broken, readFileSync(heart('hungary.csv'), 'utf8').replace(/^40,/m, 'forty,'));
    await choose(page, broken);
    const alert = page.getByRole('alert');
    await alert
      .filter({ hasText: '"broken.csv", line 42, column "age": expected a number, got "forty"' })
      .waitFor();
    const loaded: string[] = [];
    page.context().on('request', (request) => loaded.push(request.url()));
    const decoders = () => loaded.filter((url) => url.includes('/parquet-decoder'));
    await choose(page, heart('hungary.csv'));
    await column(page, 'chol').getByText('missing in 23 of 294').waitFor();
    await column(page, 'num').getByRole('row', { name: 'disease 106', exact: true }).waitFor();
    expect(await column(page, 'age').locator('rect').count()).toBe(20);
    expect(await alert.count()).toBe(0);
    const shown = await page.getByRole('list', { name: 'Your columns' }).textContent();
    expect(decoders()).toEqual([]);

    // It takes part with the same rows as Parquet, whose decoder is loaded only now.
    await page.getByRole('button', { name: 'Choose other data' }).click();
    await choose(page, join(root, 'test/fixtures/parquet/hungary.parquet'));
    await column(page, 'chol').getByText('missing in 23 of 294').waitFor();
    expect(await page.getByRole('list', { name: 'Your columns' }).textContent()).toBe(shown);
    expect(decoders()).toHaveLength(1);
    await start(page);
    await served.untilOver(page);
    await Promise.all(processes);
    expect(await served.coordinator.ended).toMatchObject({ status: 0, stderr: '' });

    // All as processes: the same model, but for rounding.
    const joining = participants.map((name) => [name, { data: heart(`${name}.csv`) }]);
    const native = await servedOverHub(folder, settings, {}, Object.fromEntries(joining));
    const [theirs, own] = [readFileSync(join(native.out, 'model.safetensors')), served.model()].map(
      (bytes) => decodeSafetensors(bytes, 'it').state.data,
    );
    expect(Math.max(...own!.map((weight, at) => Math.abs(weight - theirs![at]!)))).toBeLessThan(1e-5);
    const downloading = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download as ONNX' }).click();
    expect((await readFile(await (await downloading).path())).equals(served.model('onnx'))).toBe(true);

    // The hub has ended, too: nothing can be sent any more.
    await page.getByLabel('age in years').fill('61');
    await page.getByLabel('chol in mg/dl').fill('700');
    await page.getByLabel('cp').selectOption('asymptomatic');
    await page.getByLabel('sex').selectOption('Male');
    await page.getByRole('button', { name: 'Predict' }).click();
    const answer = page.locator('tr.best data');
    const probability = Number(await answer.getAttribute('value'));
    await page.getByText('chol is beyond 80 to 620 mg/dl').waitFor();
    const table = join(folder, 'patient.csv');
    const header = 'age,sex,cp,trestbps,chol,fbs,restecg,thalach,exang,oldpeak,slope,ca,thal';
    writeFileSync(table, `${header}\n61,Male,asymptomatic,,700,,,,,,,,\n`);
    const [file, output] = [join(folder, 'model.safetensors'), join(folder, 'predicted.csv')];
    writeFileSync(file, served.model());
    await commonweight(['predict', file, table, '-o', output], { cwd: folder });
    const [, , disease] = /1,disease,(\S+),(\S+)/.exec(readFileSync(output, 'utf8')) ?? [];
    expect(Math.abs(probability - Number(disease))).toBeLessThan(1e-6);
  });

  const five = (value: number) => [value, value, value, value, value, value];
  if (everyCase)
    it.each<[string, ConfigurationInput['constants'] | undefined]>([
      ['statistics of its own rows', undefined],
      [
        'the constants of the settings',
        {
          ...{ 'preprocess.constants.impute': five(2), 'preprocess.constants.mean': five(50) },
          ...{ 'preprocess.constants.low': five(-10), 'preprocess.constants.high': five(200) },
          'preprocess.constants.deviation': five(20),
        },
      ],
    ])('prepares numbers by %s, as a process does', async (_, constants) => {
      const one: ConfigurationInput = {
        ...{ ...settings, rounds: 1, participants: ['hungary'] },
        partition: { name: 'own', participants: 1 },
        ...(constants ? { constants } : { preprocessing: { statistics: 'site' } }),
      };
      const served = await lead(one);
      const page = await open(served, 0);
      await choose(page, heart('hungary.csv'));
      await column(page, 'chol').getByText('missing in 23 of 294').waitFor();
      await start(page);
      await served.untilOver(page);
      await page.getByRole('heading', { name: constants ? 'The merged model' : 'Your own model' }).waitFor();
      const downloading = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Download as safetensors' }).click();
      const own = decodeSafetensors(await readFile(await (await downloading).path()), 'its own').state;
      const beside = mkdtempSync(join(folder, 'process-'));
      await servedOverHub(beside, one, {}, { hungary: { data: heart('hungary.csv') } });
      const file = readFileSync(join(beside, 'hungary/model.safetensors'));
      const theirs = decodeSafetensors(file, 'theirs').state;
      expect(own.layout).toEqual(theirs.layout);
      expect(own.layout.filter(({ name }) => name.startsWith('preprocess.constants.'))).toHaveLength(5);
      const differences = own.data.map((value, at) => Math.abs(value - theirs.data[at]!));
      expect(Math.max(...differences)).toBeLessThan(1e-5);
      expect(await served.coordinator.ended).toMatchObject({ status: 0, stderr: '' });
    });

  itAtLength('takes part with a file of numpy', async () => {
    const file = join(root, 'test/fixtures/arrays/types-deflated.npz');
    const served = await lead({
      ...{ seed: 1, dataset: file, rounds: 1, local: { steps: 2 }, model: { name: 'mlp', hidden: [4] } },
      partition: { name: 'own', participants: 1 },
      data: { kind: 'arrays', inputs: { f64: 'number' }, targets: { label: { category: ['a', 'b', 'c'] } } },
    });
    const page = await open(served, 0);
    await choose(page, file);
    await column(page, 'label').getByRole('row', { name: 'a 4', exact: true }).waitFor();
    expect(await column(page, 'f64').locator('rect').count()).toBe(20);
    await start(page);
    await served.untilOver(page);
    expect(await served.coordinator.ended).toMatchObject({ status: 0, stderr: '' });
    await page.getByRole('button', { name: 'Download as ONNX' }).waitFor();
    expect(await page.getByRole('button', { name: 'Predict' }).count()).toBe(0);
  });
});
