/** Tabs of real Chromium take part in federations that `commonweight serve` leads, beside processes and one another. */
import { readFile } from 'node:fs/promises';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunResult } from '../../src/federation/run-result.js';
import { CHROMIUM, requires } from '../requires.js';
import { type Served, serve, takePart, untilOver } from './federation.js';

const executablePath = requires(CHROMIUM);
const LIMIT_MS = 240_000;

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
});

/** Of the last round: everybody's own model, the merged one, and the copies. */
function accuraciesOf({ rounds }: RunResult): number[] {
  const { participants, merged, copied } = rounds.at(-1)!;
  return [
    ...participants.flatMap((own) => [own.validationAccuracy!, own.testAccuracy!]),
    merged.mean!.testAccuracy,
    ...copied.map(({ validationAccuracy }) => validationAccuracy),
  ];
}
