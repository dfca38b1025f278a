/**
 * A tab of real Chromium whose owner shares the sums behind its figures: they come together in the
 * run's result and on the page of those who watch, and choose a cut-off that the tab's model has.
 */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { decodeModel } from '../../src/engine/nn/model-file.js';
import type { ConfigurationInput } from '../../src/protocol/configuration/configuration.js';
import { root } from '../run-command.js';
import { executablePath } from './open-browser.js';
import { tabs } from './tabs.js';

const heart = (file: string) => join(root, 'data/heart-disease', file);
const hungaryAlone: ConfigurationInput = {
  ...parse(readFileSync(heart('across-machines.yaml'), 'utf8')),
  ...{ participants: ['hungary'], partition: { name: 'own', participants: 1 } },
  ...{ seed: 1, evaluateEvery: 1, decision: 'youden' },
};

describe.skipIf(executablePath === undefined)('a tab', () => {
  const { lead, open } = tabs();

  it('shares its sums where its owner ticks that, and has the cut-off that follows', async () => {
    const served = await lead({ ...hungaryAlone, rounds: 2 });
    const watching = await open(served, 1);
    const page = await open(served, 0);
    await page.getByLabel('Choose a file').setInputFiles(heart('hungary.csv'));
    const tick = page.getByRole('checkbox', { name: /^Also share the sums/ });
    await tick.waitFor();
    expect(await tick.isChecked()).toBe(false);
    await tick.check();
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await served.untilOver(page);
    expect(await served.coordinator.ended).toMatchObject({ status: 0, stderr: '' });

    const { rounds, decision, sharing } = served.result();
    expect(sharing).toEqual(['hungary']);
    for (const { together } of rounds) expect(together?.auroc).toMatchObject({ participants: 1 });
    // Sums of errors are exact: those of one owner are its figure, but for rounding.
    const { together, copied } = rounds[1]!;
    expect(together?.brier?.figure).toBeCloseTo(copied[0]!.validation.brier!, 9);
    expect(decision).toMatchObject({ rule: 'youden', positive: 'disease', participants: 1 });
    await watching.getByRole('columnheader', { name: 'together', exact: true }).waitFor();
    await watching.getByText('of 1 of 1 participants that share their sums').waitFor();

    const downloading = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download as safetensors' }).click();
    const file = await readFile(await (await downloading).path());
    expect(file.equals(served.model())).toBe(true);
    expect(decodeModel(file, 'model').description?.cutOff).toBe(decision?.cutOff);
  });

  it('shares nothing where its owner does not', async () => {
    const served = await lead({ ...hungaryAlone, rounds: 1 });
    const page = await open(served, 0);
    await page.getByLabel('Choose a file').setInputFiles(heart('hungary.csv'));
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await served.untilOver(page);
    expect(await served.coordinator.ended).toMatchObject({ status: 0, stderr: '' });
    const { rounds, decision, sharing } = served.result();
    expect([rounds[0]?.together, decision, sharing]).toEqual([undefined, undefined, []]);
  });
});
