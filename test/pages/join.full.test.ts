/**
 * Tabs of real Chromium whose connection is lost, or that are closed in the middle of what they do.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { RunResult } from '../../src/federation/record/run-result.js';
import { openGateway } from '../page-end/gateway.js';
import { comesToWhatRunComesTo, trainsBesideAProcess } from './beside-a-process.contract.js';
import { takePart, untilTraining } from './federation.js';
import { executablePath } from './open-browser.js';
import { tabs } from './tabs.js';

describe.skipIf(executablePath === undefined)('a tab', () => {
  const browser = tabs();
  const { context, lead, open, opened } = browser;

  trainsBesideAProcess(browser, 2, {}, comesToWhatRunComesTo);

  it('goes on where it was when it is closed in the middle of an upload, and opened again', async () => {
    const served = await lead({ model: { name: 'mlp', hidden: [512] } });
    const process = served.join(0);
    const gateway = await openGateway(new Map());
    opened(gateway);
    gateway.hubPort = served.port;
    const page = await open(served, 1, gateway.port);
    await takePart(page);
    await untilTraining(page);
    // Nothing as large comes before the upload any more.
    const cut = await gateway.silentAfter(UPLOADED);
    await expect.poll(() => served.partBytes(1), { interval: 10 }).toBeGreaterThan(0);
    await page.close();
    cut();
    const again = await open(served, 1, gateway.port);
    await again.getByText('Round 1 was trained on this device before').waitFor();
    await served.untilOver(again);
    await process;
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
    await context().setOffline(true);
    await page.getByText('No connection to the coordinator').waitFor();
    await delay(10_000);
    await context().setOffline(false);
    await page.getByText('No connection to the coordinator').waitFor({ state: 'detached' });
    await served.untilOver(page);
    await process;
    expect(await served.coordinator.ended).toMatchObject({ status: 0 });
    expect(namesIn(served.result())).toEqual([both, both]);
  });
});

const both = ['environment-1', 'environment-2'];
const namesIn = ({ rounds }: RunResult) =>
  rounds.map(({ participants }) => participants.map(({ name }) => name));
/** Bytes of an update after which the connection is lost. */
const UPLOADED = 300_000;
