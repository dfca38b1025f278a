import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { arrayDataset } from '../../src/data/arrays/array-dataset.js';
import { subset } from '../../src/data/dataset.js';
import { comparisonOfSites, type SitesComparison } from '../../src/data/survey/site-comparison.js';
import { surveySites } from '../../src/data/survey/site-survey.js';
import { runFederation } from '../../src/federation/coordinator/run-federation.js';
import { detailsFile } from '../../src/federation/record/run-folder.js';
import type { RunResult } from '../../src/federation/record/run-result.js';
import { percent, wholeShare } from '../../src/report/numbers.js';
import { recordedView } from '../../src/report/pages/recorded-view.js';
import { sentenceOf } from '../../src/report/text/difference-sentences.js';
import { type TestHub, testHub } from '../../src/transport/hub/server/test-hub.contract.js';
import type { RunView } from '../../src/transport/run-view.js';
import { noise } from '../noise.js';
import { SITES, surveyTable } from '../survey-table.js';
import { executablePath, openBrowser, STEP_MS } from './open-browser.js';
import { scriptedRun } from './scripted-run.js';

/** Of the figure's numbers, which are drawn a moment after they were opened. */
async function cells(page: Page, figure: string) {
  const rows = page
    .locator('figure', { has: page.getByRole('heading', { name: figure, exact: true }) })
    .locator('tr');
  await rows.first().waitFor();
  return rows.evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent ?? '')));
}

describe.skipIf(executablePath === undefined)('the dashboard in Chromium', () => {
  let browser: Browser;
  /** For all tests that ask for no page of their own, which would be a process of its own. */
  let common: Page;
  let hub: TestHub;
  let token: string;
  let open: BrowserContext[] = [];
  /** Of pages, such as what their policy forbids; a connection that is lost is none. */
  let complaints: string[] = [];

  beforeAll(async () => {
    browser = await openBrowser();
    common = await newPage();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    [open, complaints] = [[], []];
    hub = await testHub();
    token = await hub.tokens.issue({ role: 'observer' });
  });
  afterEach(async () => {
    await common.goto('about:blank');
    for (const context of open) await context.close();
    await hub.close();
    expect(complaints).toEqual([]);
  });

  async function newPage(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    open.push(context);
    const page = await context.newPage();
    page.setDefaultTimeout(STEP_MS);
    page.on('pageerror', ({ message }) => complaints.push(message));
    page.on('console', (message) => {
      if (message.type() === 'error' && !/WebSocket connection/.test(message.text())) {
        complaints.push(message.text());
      }
    });
    return page;
  }
  async function watching(view: RunView, options?: BrowserContextOptions): Promise<Page> {
    await hub.open({ view });
    const page = options === undefined ? common : await newPage(options);
    await page.goto(`${hub.hub().url}/#token=${token}`);
    await page.getByRole('heading', { name: 'Who takes part' }).waitFor();
    return page;
  }
  const drawn = (page: Page, charts: number) =>
    page.waitForFunction((least) => document.querySelectorAll('.chart svg').length >= least, charts);
  async function saved(page: Page, figure: string, type: string): Promise<Buffer> {
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: `Save “${figure}” as ${type}`, exact: true }).press('Enter');
    const file = await download;
    expect(file.suggestedFilename()).toMatch(new RegExp(`^[a-z0-9-]+\\.${type.toLowerCase()}$`));
    return readFileSync(await file.path());
  }

  it('speaks of examples and of the metric of the task, where data are neither pictures nor classes', async () => {
    const out = mkdtempSync(join(tmpdir(), 'commonweight-dashboard-'));
    try {
      const values = Float32Array.from({ length: 120 }, (_, i) => Math.sin(i));
      const houses = arrayDataset({
        name: 'houses',
        inputs: [{ name: 'features', values, shape: [2] }],
        targets: [{ name: 'price', values: values.filter((_, i) => i % 2 === 0) }],
      });
      await runFederation(
        {
          partition: { name: 'iid', participants: 2 },
          task: { name: 'regression', unit: 'km' },
          model: { name: 'mlp', hidden: [4] },
          optimizer: { name: 'adam' },
          local: { epochs: 1 },
          rounds: 2,
        },
        { out, workers: 1, data: { train: houses, test: subset(houses, [0, 1, 2, 3], 'test') } },
      );
      const page = await watching(await recordedView(out));
      await drawn(page, 2);
      await page.getByRole('heading', { name: 'RMSE by round' }).waitFor();
      await page.getByRole('heading', { name: 'On the test examples' }).waitFor();
      await page.getByRole('heading', { name: 'On the participants’ validation examples' }).waitFor();
      const text = await page.locator('body').textContent();
      expect(text).toMatch(/test examples[\s\S]*km/);
      expect(text).not.toMatch(/\b(images?|pictures?|class(es)?|accurac\w+)\b/i);
    } finally {
      rmSync(out, { recursive: true });
    }
  });

  it('shows the figures of a run’s JSON', async () => {
    const out = mkdtempSync(join(tmpdir(), 'commonweight-watch-'));
    try {
      await runFederation(
        {
          ...{ seed: 11, dataset: 'noise', partition: { name: 'iid', participants: 2 }, rounds: 3 },
          ...{ model: { name: 'mlp', hidden: [4] }, optimizer: { name: 'sgd', learningRate: 0.1 } },
          ...{ batchSize: 8, local: { epochs: 1 }, compare: ['max'], shareLabelCounts: true, reference: 1 },
        },
        { data: { train: noise('noise'), test: noise('test') }, out, workers: 1 },
      );
      const result = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')) as RunResult;
      const counts = JSON.parse(readFileSync(join(out, 'label-counts.json'), 'utf8'));
      const page = await watching(await recordedView(out));
      await drawn(page, 5);
      for (const summary of await page.getByText('The numbers').all()) await summary.click();
      const of = (value: number | undefined) => percent(value ?? Number.NaN);
      expect((await cells(page, 'On the test images')).slice(1)).toEqual(
        result.rounds.map(({ round, merged, participants }) => [
          String(round),
          ...['mean', 'max'].map((name) => of(merged[name]?.test.accuracy)),
          ...participants.map(({ test }) => of(test?.accuracy)),
        ]),
      );
      expect((await cells(page, 'On the participants’ validation images')).slice(1)).toEqual(
        result.rounds.map(({ round, participants, copied }) => [
          String(round),
          ...copied.map(({ validation }) => of(validation.accuracy!)),
          ...participants.map(({ validation }) => of(validation?.accuracy)),
          '100.00%',
        ]),
      );
      expect((await cells(page, 'Examples by class')).slice(1)).toEqual(
        counts.participants.map(({ name, counts: of }: { name: string; counts: number[] }) => [
          name,
          ...of.map(String),
        ]),
      );
      const details = JSON.parse(readFileSync(join(out, detailsFile(3)), 'utf8'));
      expect((await cells(page, 'Round 3: merged (mean)')).slice(1).map((row) => row.slice(1))).toEqual(
        details.test.confusion.merged.mean.map((row: number[]) => row.map(String)),
      );
      await expect
        .poll(() => page.getByRole('heading', { level: 2 }).first().textContent())
        .toMatch(/^Finished in round 3 of 3/);
    } finally {
      rmSync(out, { recursive: true });
    }
  });

  it.each([
    {
      testExamples: true,
      accuracy: 'On the test images',
      confusion: /^Nothing is merged/,
      pictures: /^Nothing is merged/,
    },
    {
      testExamples: false,
      accuracy: 'Weighted by examples',
      confusion: /holds no test images/,
      pictures: /never shown/,
    },
  ])(
    'says what is not there yet, test images: $testExamples',
    async ({ testExamples, accuracy, confusion, pictures }) => {
      const run = await scriptedRun();
      run.finishRound();
      const result = { ...run.rounds()[0]!.result, merged: {}, copied: [] };
      const page = await watching({
        ...run.view,
        overview: { ...run.view.overview, testExamples },
        rounds: () => [{ round: 1, read: () => ({ result }) }],
      });
      await drawn(page, testExamples ? 2 : 3);
      const text = (part: string, element: string) =>
        page.locator(`section[aria-labelledby="${part}"] ${element}`).first().textContent();
      expect(await text('metric', 'h3')).toBe(accuracy);
      expect(await text('confusion', 'p')).toMatch(confusion);
      expect(await text('pictures', 'p')).toMatch(pictures);
    },
  );

  it.each([
    ['light', 1280],
    ['dark', 360],
  ] as const)('shows where the sites of a survey differ, %s, %i wide', async (colorScheme, width) => {
    const comparison = comparisonOfSites(
      surveySites(SITES.map((name) => ({ name, dataset: surveyTable(name) }))),
    );
    const run = await scriptedRun();
    run.finishRound();
    let told: SitesComparison | undefined;
    const view: RunView = { ...run.view, labelCounts: () => ({}), survey: () => told };
    const page = await watching(view, { colorScheme, viewport: { width, height: 900 } });
    await page.getByText('that would tell about its data').waitFor();
    const panel = page.locator('section[aria-labelledby="survey"]');
    expect(await panel.count()).toBe(0);
    told = comparison;
    await panel.locator('.chart svg').nth(2).waitFor();
    expect(await panel.locator('li').allTextContents()).toEqual(comparison.differences.map(sentenceOf));
    expect(await panel.locator('h3').allTextContents()).toEqual(['Missing values', 'Means', 'Classes']);
    expect(await panel.locator('p').first().textContent()).toContain('Counts below 5 are hidden');
    await page.getByText('its survey says of the classes').waitFor();
    await panel.getByText('The numbers').last().click();
    const [head, ...rows] = await cells(page, 'Classes');
    expect(head).toEqual(['site', ...comparison.targets.map(({ name }) => name)]);
    expect(rows).toEqual(
      comparison.sites.map((name, site) => [
        name,
        ...comparison.targets.map(({ values }) => wholeShare(values[site]!)),
      ]),
    );
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    const { violations } = await new AxeBuilder({ page })
      .include('section[aria-labelledby="survey"]')
      .exclude('.chart svg')
      .setLegacyMode()
      .analyze();
    expect(violations).toEqual([]);
  });

  it('says when the connection is lost, and catches up when the hub is back', async () => {
    const run = await scriptedRun();
    run.finishRound();
    const page = await watching(run.view);
    await drawn(page, 5);
    await hub.hub().close();
    const note = page.getByText(/shows the run at \d\d:\d\d:\d\d/);
    await note.waitFor();
    run.finishRound();
    run.say('warn', 'somebody was away');
    await hub.open({ view: run.view });
    await note.waitFor({ state: 'detached' });
    await page.getByText('somebody was away').waitFor();
    await page.getByText('Round 3 of 12, training').first().waitFor();
    expect(await page.locator('ol.log li').count()).toBe(3);
    await page.getByText('The numbers').nth(1).click();
    await expect
      .poll(async () => (await cells(page, 'On the test images')).map(([round]) => round))
      .toEqual(['round', '1', '2']);
  });

  it('says why it is refused, and where the link is when there is no token', async () => {
    const run = await scriptedRun();
    const page = await watching(run.view);
    await hub.tokens.revoke({ role: 'observer' });
    await page.getByText('the token was revoked').waitFor();
    await page.getByText('What to do: ask the operator for a new one').waitFor();
    await page.goto(`${hub.hub().url}/`);
    await page.getByText('the whole link', { exact: false }).waitFor();
    expect((await new AxeBuilder({ page }).setLegacyMode().analyze()).violations).toEqual([]);
  });

  it('saves every figure as numbers and as a picture, by the keyboard, in the colours that are seen', async () => {
    const run = await scriptedRun();
    for (let round = 1; round <= 3; round++) run.finishRound();
    const page = await watching(run.view, { colorScheme: 'dark' });
    await drawn(page, 5);
    const [head, ...rows] = (await saved(page, 'On the test images', 'CSV')).toString('utf8').split('\r\n');
    expect(head).toBe('round,mean,median,max,"site-a, own model","site-b, own model","site-c, own model"');
    expect(rows.filter((row) => row !== '').map((row) => row.split(',').map(Number))).toEqual(
      run
        .rounds()
        .map(({ result: { round, merged, participants } }) => [
          round,
          ...['mean', 'median', 'max'].map((name) => merged[name]?.test.accuracy),
          ...participants.map(({ test }) => test?.accuracy),
        ]),
    );
    for (const figure of ['On the test images', 'Examples by class', 'Round 3: accuracy of each class']) {
      const svg = (await saved(page, figure, 'SVG')).toString('utf8');
      expect(svg).not.toContain('var(');
      expect(svg).toContain('fill="#0f1318"');
      const root = await page.evaluate((text) => {
        const { documentElement } = new DOMParser().parseFromString(text, 'image/svg+xml');
        return `${documentElement.nodeName} ${documentElement.querySelector('title')?.textContent}`;
      }, svg);
      expect(root).toBe(`svg ${figure}`);
      const png = await saved(page, figure, 'PNG');
      expect(png.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
      expect(png.readUInt32BE(16)).toBe(1504);
    }
  });

  it.each([
    ['light', { width: 1280, height: 900 }, []],
    // The other colours, and the other width: nothing else can differ.
    ['dark', { width: 360, height: 740 }, ['color-contrast']],
  ] as const)('is without violations of accessibility, %s, %o', async (colorScheme, viewport, rules) => {
    const run = await scriptedRun({ participants: 14 });
    run.finishRound();
    run.train();
    run.say('error', 'something went wrong');
    run.change({ deadline: '2100-01-01T00:00:00.000Z' });
    const page = await watching(run.view, { colorScheme, viewport, reducedMotion: 'reduce' });
    await drawn(page, 5);
    await page.getByText('The numbers').first().click();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(viewport.width);
    // Charts are pictures with a name; the contrast of what is in them is that of the report's
    // colours.
    const axe = new AxeBuilder({ page }).exclude('.chart svg').setLegacyMode();
    const { violations } = await (rules.length === 0 ? axe : axe.withRules([...rules])).analyze();
    expect(violations).toEqual([]);
  });

  it('sorts, filters and chooses among many participants, by the keyboard', async () => {
    const run = await scriptedRun({ participants: 200 });
    run.finishRound();
    const page = await watching(run.view);
    const names = () => page.locator('.participants tbody th').allTextContents();
    await page.getByRole('button', { name: 'examples', exact: true }).press('Enter');
    await page.getByRole('button', { name: 'examples', exact: true }).press('Enter');
    expect(await page.getByRole('columnheader', { name: 'examples' }).getAttribute('aria-sort')).toBe(
      'descending',
    );
    expect((await names())[0]).toBe('site-017');
    await page.getByLabel('Show', { exact: false }).first().selectOption('gone');
    const gone = run.view.status().participants.filter(({ presence }) => presence === 'gone');
    expect((await names()).toSorted()).toEqual(gone.map(({ name }) => name));
    await page.getByLabel('named').fill('site-006');
    await page.waitForFunction(() => document.querySelectorAll('.participants tbody tr').length === 1);
    await page.getByLabel('Beside the mean, show').selectOption('site-042');
    const line = page.locator('.legend').getByText('site-042, own model').first();
    await line.waitFor();
    await page.getByRole('button', { name: 'Do not show site-042' }).press('Enter');
    await line.waitFor({ state: 'detached' });
  });

  it('does not draw again what has not changed', async () => {
    const run = await scriptedRun({ participants: 200 });
    run.finishRound();
    run.train();
    const page = await watching(run.view);
    await drawn(page, 5);
    await page.evaluate(() => {
      const changes: string[] = [];
      Object.assign(globalThis, { changes });
      new MutationObserver((records) => {
        for (const { target } of records) {
          const element = target instanceof Element ? target : target.parentElement;
          changes.push(element?.closest('section[aria-labelledby]')?.getAttribute('aria-labelledby') ?? '?');
        }
      }).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
    });
    const changed = () =>
      page.evaluate(() => [...new Set((globalThis as unknown as { changes: string[] }).changes)]);
    run.train();
    await expect.poll(changed).toEqual(['participants']);
  });

  it('pauses its log and filters it', async () => {
    const run = await scriptedRun();
    run.say('info', 'first');
    run.say('warn', 'second');
    const page = await watching(run.view);
    const log = () => page.locator('ol.log li').allTextContents();
    await page.getByText('second').waitFor();
    expect((await log()).map((text) => text.split(' ').at(-1))).toEqual(['second', 'first']);
    await page.getByRole('button', { name: 'Pause' }).press('Enter');
    run.say('error', 'third');
    await page.getByText('1 newer').waitFor();
    expect(await log()).toHaveLength(2);
    await page.getByRole('button', { name: 'Pause' }).press('Enter');
    await page.getByText('third').waitFor();
    await page
      .locator('section', { has: page.locator('#log') })
      .locator('select')
      .selectOption('errors');
    expect((await log()).map((text) => text.split(' ').at(-1))).toEqual(['third']);
  });
});
