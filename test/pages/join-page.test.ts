/**
 * What the join page is to its user besides training, in Chromium and by a real hub: who may, who
 * goes, what is left.
 */
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ConfigurationInput } from '../../src/protocol/configuration/configuration.js';
import { sample } from '../run-command.js';
import { chooseIdx, type Served } from './federation.js';
import { executablePath } from './open-browser.js';
import { tabs } from './tabs.js';

const small: Partial<ConfigurationInput> = {
  dataset: sample,
  model: { name: 'mlp', hidden: [16] },
  local: { steps: 10 },
};

describe.skipIf(executablePath === undefined)('the join page', () => {
  const { context, lead } = tabs();
  let served: Served;
  beforeEach(async () => {
    served = await lead(small);
  });

  const open = async (link = served.link(1)): Promise<Page> => {
    const page = await context().newPage();
    await page.goto(`http://127.0.0.1:${served.port}${link}`);
    return page;
  };
  const heading = (page: Page, name: string) => page.getByRole('heading', { name, exact: true }).waitFor();
  const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();

  it('is left, comes back with its pictures, and forgets them', async () => {
    const page = await open();
    await chooseIdx(page);
    await page.getByText('Waiting for the others').last().waitFor();
    await press(page, 'Leave …');
    await press(page, 'Leave');
    await heading(page, 'You have left');
    await served.coordinator.until(/environment-2 has left/);
    // Who has left takes no part by itself.
    await page.reload();
    await page.getByText('kept on this device since an earlier visit').waitFor();
    await press(page, 'Start');
    // What was trained before is handed in again, and not trained twice.
    await page.getByText('was trained on this device before').waitFor();
    await press(page, 'Leave …');
    await press(page, 'Leave');
    await press(page, 'Forget everything on this device');
    await heading(page, 'Everything is forgotten');
    await press(page, 'Begin anew');
    await page.getByText('Drop a folder here').waitFor();
    const databases = await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name));
    expect(databases.filter((name) => name?.includes('environment-2'))).toEqual([]);
  });

  it('goes to the page that was opened last, and back', async () => {
    const first = await open();
    await first.getByText('Drop a folder here').waitFor();
    const second = await open();
    await heading(first, 'Another page has taken over');
    await chooseIdx(second);
    await second.getByText('Waiting for the others').last().waitFor();
    await press(first, 'Take over again');
    await heading(second, 'Another page has taken over');
    await first.getByText('was trained on this device before').waitFor();
  });

  it('says that a token is missing, cut short, of nobody or of somebody else, and that the run is over', async () => {
    for (const [link, sentence] of [
      ['/join', 'The link to this page is not complete'],
      [served.link(1).replace(/(token=[\w-]{42})[\w-]/, '$1'), 'The link to this page is not complete'],
      [`/join#token=${'x'.repeat(43)}`, 'The token is not valid.'],
    ] as const) {
      const page = await open(link);
      await heading(page, 'The coordinator does not let this page in');
      await page.getByRole('alert').filter({ hasText: sentence }).waitFor();
    }
    const watching = await open(served.link(1).replace('/join', '/'));
    await watching.getByText('This link is for taking part, not for watching').waitFor();
    await watching.getByRole('link', { name: 'Open the page to take part' }).click();
    await watching.getByText('Drop a folder here').waitFor();
    const joining = await open(served.link(2).replace('/#', '/join#'));
    await heading(joining, 'The coordinator does not let this page in');
    await joining.getByRole('alert').filter({ hasText: 'that of an observer or operator' }).waitFor();

    const page = await open();
    await page.getByText('Drop a folder here').waitFor();
    await served.stop();
    await heading(page, 'The run is over');
    await page.getByText('There is no merged model.').waitFor();
  });

  it('has the merged model in the end: to try by mouse and keyboard, and as the ONNX file of the run', async () => {
    const ended = served.join(0);
    const page = await open();
    await chooseIdx(page);
    await served.untilOver(page);
    const answer = page.locator('tr.best').getByRole('rowheader');
    const example = page.getByRole('button', { name: /picture of the class/ }).nth(9);
    await example.focus();
    await page.keyboard.press('Enter');
    await answer.waitFor();
    const shown = () => page.getByRole('table').last().getByRole('cell').allInnerTexts();
    const [before, probabilities] = [await shown(), (await shown()).map((text) => Number.parseFloat(text))];
    expect(probabilities).toHaveLength(10);
    expect(probabilities.reduce((sum, each) => sum + each)).toBeCloseTo(100, 0);

    const ground = page.locator('.drawing canvas');
    await ground.scrollIntoViewIfNeeded();
    const { x, y } = (await ground.boundingBox())!;
    await page.mouse.move(x + 60, y + 60);
    await page.mouse.down();
    await page.mouse.move(x + 200, y + 220, { steps: 5 });
    await page.mouse.up();
    await expect.poll(shown).not.toEqual(before);

    await ended;
    expect(await served.coordinator.ended).toMatchObject({ status: 0 });
    const downloading = page.waitForEvent('download');
    await press(page, 'Download as ONNX');
    const file = await readFile(await (await downloading).path());
    expect(file.equals(served.model('onnx'))).toBe(true);
  });
});
