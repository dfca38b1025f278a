/** Tabs of Chromium that take part beside a process, each with the share that the hub lends. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { RunResult } from '../../src/federation/record/run-result.js';
import type { ConfigurationInput } from '../../src/protocol/configuration/configuration.js';
import { type Served, takePart } from './federation.js';
import type { tabs } from './tabs.js';

declare global {
  var clicks: number;
}

export function trainsBesideAProcess(
  { context, lead, open }: ReturnType<typeof tabs>,
  tabCount: number,
  settings: Partial<ConfigurationInput>,
  afterwards: (served: Served) => Promise<void> = async () => {},
): void {
  it(`trains after three clicks, and ends with the model of the coordinator: ${tabCount} beside a process`, async () => {
    const served = await lead(settings, 1 + tabCount);
    const process = served.join(0);
    await context().addInitScript(() => {
      globalThis.clicks = 0;
      addEventListener('click', () => globalThis.clicks++, true);
    });
    const pages = [];
    for (let tab = 1; tab <= tabCount; tab++) pages.push(await open(served, tab));
    for (const page of pages) await takePart(page);
    for (const page of pages) {
      await served.untilOver(page);
      // The first was on the link.
      expect(await page.evaluate(() => globalThis.clicks)).toBe(2);
      const downloading = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Download as safetensors' }).click();
      expect((await readFile(await (await downloading).path())).equals(served.model())).toBe(true);
    }
    await process;
    expect(await served.coordinator.ended).toMatchObject({ status: 0, stderr: '' });

    for (const { accuracy } of figuresOf(served.result())) expect(accuracy).toBeGreaterThan(0.4);
    await afterwards(served);
  });
}

/** A page in place of a process changes nothing but rounding. */
export async function comesToWhatRunComesTo(served: Served): Promise<void> {
  const figures = figuresOf(served.result());
  const alone = figuresOf(await served.runAlone());
  expect(figures).toHaveLength(alone.length);
  for (const [place, { loss }] of figures.entries())
    expect(Math.abs(loss! - alone[place]!.loss!)).toBeLessThan(0.01);
}

/** Of the last round: everybody's own model, the merged one, and the copies. */
function figuresOf({ rounds }: RunResult) {
  const { participants, merged, copied } = rounds.at(-1)!;
  return [
    ...participants.flatMap((own) => [own.validation!, own.test!]),
    merged.mean!.test,
    ...copied.map(({ validation }) => validation),
  ];
}
