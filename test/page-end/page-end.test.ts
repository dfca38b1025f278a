import { createHash } from 'node:crypto';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sha256Of } from '../../src/base/node/sha256-of.js';
import type { Assignment } from '../../src/protocol/assignment.js';
import type { CoordinatorTrust } from '../../src/transport/coordinator-voice.js';
import { type TestHub, testHub } from '../../src/transport/hub/server/test-hub.contract.js';
import { describeTransport, randomBlob } from '../../src/transport/transport.contract.js';
import { handedOut } from '../handed-out.js';
import { executablePath, STEP_MS } from '../pages/open-browser.js';
import { start } from '../run-command.js';
import { cutting, type Gateway, openGateway, type Served } from './gateway.js';
import { launch, openTab, pageFiles, type Tab } from './tab.js';

const wait = (round: number): Assignment => ({ type: 'wait', epoch: 1, sequence: round, round });
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

/** So much of an upload lies on the hub's disk. */
async function untilPartHas(folder: string, name: string, sha256: string, bytes: number) {
  const participant = createHash('sha256').update(name).digest('hex').slice(0, 32);
  const part = join(folder, 'uploads', participant, `${sha256}.part`);
  await expect.poll(() => sizeOf(part), { interval: 10 }).toBeGreaterThanOrEqual(bytes);
}

/** 0 where there is no such file. */
const sizeOf = async (file: string) => (await stat(file).catch(() => undefined))?.size ?? 0;

/** Stops the processes in which pages run. @returns what lets them go on */
async function putToSleep(browser: Browser): Promise<() => void> {
  const devTools = await browser.newBrowserCDPSession();
  const { processInfo } = await devTools.send('SystemInfo.getProcessInfo');
  const pages = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
  for (const id of pages) process.kill(id, 'SIGSTOP');
  return () => {
    for (const id of pages) process.kill(id, 'SIGCONT');
  };
}

describe.skipIf(executablePath === undefined)('a participant’s end of the hub in Chromium', () => {
  let browser: Browser;
  let page: Page;
  let files: Map<string, Served>;
  beforeAll(async () => {
    [browser, files] = await Promise.all([launch(), pageFiles()]);
    page = await browser.newPage();
    page.setDefaultTimeout(STEP_MS);
  });
  afterAll(() => browser.close());

  async function openAll(options: Parameters<typeof testHub>[0] = {}) {
    const hub = await testHub(options);
    const gateway = await openGateway(files);
    const tab = await openTab(page, `http://127.0.0.1:${gateway.port}`);
    return {
      ...{ hub, gateway, tab },
      async open(handlers?: Parameters<TestHub['open']>[1]) {
        const opened = await hub.open({}, handlers);
        gateway.hubPort = opened.port;
        return opened;
      },
      join: async (name: string, { coordinatorKey }: CoordinatorTrust = {}) =>
        tab.join(await hub.tokenOf(name), coordinatorKey),
      async close() {
        await tab.close();
        await gateway.close();
        await hub.close();
      },
    };
  }

  describeTransport(
    'hub, from a page',
    async () => {
      const { open, join, close } = await openAll();
      return { openCoordinator: open, openParticipant: join, close };
    },
    { fences: false, signs: true },
  );

  describe('goes on', () => {
    let all: Awaited<ReturnType<typeof openAll>>;
    let hub: TestHub;
    let gateway: Gateway;
    let tab: Tab;
    beforeEach(async () => {
      all = await openAll({ limits: { heartbeatMs: 200 } });
      ({ hub, gateway, tab } = all);
    });
    afterEach(() => all.close());
    const disconnected = () => hub.logged(({ message }) => message === 'disconnected');

    it('with an upload that was cut off, where it was', async () => {
      const { blobs } = await all.open();
      const participant = await all.join('site-a');
      const bytes = randomBlob(2_000_000);
      const silent = gateway.silentAfter(500_000);
      const uploading = participant.upload(bytes);
      const cut = await silent;
      await untilPartHas(hub.folder, 'site-a', sha256Of(bytes), 100_000);
      cut();
      const { sha256 } = await uploading;
      expect(sha256Of(await blobs.get(sha256))).toBe(sha256Of(bytes));
      expect(gateway.offsets[0]).toBe(0);
      expect(gateway.offsets.at(-1)).toBeGreaterThan(0);
    });

    it('with a download that was cut off, where it was', async () => {
      const coordinator = await all.open();
      const participant = await all.join('site-a');
      const model = await coordinator.blobs.put(randomBlob(2_000_000));
      await coordinator.publish({ type: 'evaluate', epoch: 1, sequence: 1, round: 1, waitingFor: [], model });
      const bytes = await cutting(gateway, 1_000_000, participant.download(model));
      expect(sha256Of(bytes)).toBe(model.sha256);
      expect(gateway.ranges.at(-1)).toMatch(/^bytes=[1-9]\d*-$/);
    });

    it('with an upload whose connection is dead without a word, once messages had to connect again', async () => {
      const { blobs } = await all.open();
      const participant = await all.join('site-a');
      const bytes = randomBlob(2_000_000);
      const silent = gateway.silentAfter(500_000);
      const uploading = participant.upload(bytes);
      await silent;
      await untilPartHas(hub.folder, 'site-a', sha256Of(bytes), 100_000);
      // It goes, and is there again.
      await hub.hub().close();
      await all.open();
      const { sha256 } = await uploading;
      expect(sha256Of(await blobs.get(sha256))).toBe(sha256Of(bytes));
      expect(gateway.offsets.at(-1)).toBeGreaterThan(0);
    });

    it('after it was offline, with what was said and asked for meanwhile', async () => {
      const heard: string[] = [];
      const coordinator = await all.open({
        async receive(name, { type }) {
          heard.push(`${name} ${type}`);
          return { accepted: true };
        },
      });
      const participant = await all.join('site-a');
      const assignments = participant.assignments()[Symbol.asyncIterator]();
      await tab.context.setOffline(true);
      await disconnected();
      const receipt = participant.announce({ type: 'left' });
      const uploading = participant.upload(randomBlob(100_000));
      const next = assignments.next();
      await coordinator.publish(wait(1));
      expect(heard).toEqual([]);
      await tab.context.setOffline(false);
      expect(await receipt).toEqual({ accepted: true });
      expect((await next).value).toEqual(wait(1));
      expect(await coordinator.blobs.has((await uploading).sha256)).toBe(true);
      expect(heard).toEqual(['site-a left']);
    });

    it('after it was asleep for so long that the hub gave it up', async () => {
      const coordinator = await all.open();
      const participant = await all.join('site-a');
      const assignments = participant.assignments()[Symbol.asyncIterator]();
      await coordinator.publish(wait(1));
      expect((await assignments.next()).value).toEqual(wait(1));
      const wake = await putToSleep(browser);
      try {
        await disconnected();
        await coordinator.publish(wait(2));
      } finally {
        wake();
      }
      expect((await assignments.next()).value).toEqual(wait(2));
      expect(await participant.announce({ type: 'left' })).toEqual({ accepted: true });
    });

    it('in a tab that was reloaded, with what it had kept', async () => {
      await all.open();
      await all.join('site-a');
      const kept = textOf(randomBlob(100_000));
      await tab.act('keep', 'site-a', 'update.json', kept);
      await tab.reload();
      const again = await all.join('site-a');
      expect(await tab.act('kept', 'site-a', 'update.json')).toBe(kept);
      expect(await again.announce({ type: 'left' })).toEqual({ accepted: true });
      await tab.act('forget', 'site-a');
      await tab.reload();
      expect(await tab.act('kept', 'site-a', 'update.json')).toBeUndefined();
    });

    it('no more when its token is revoked, and says why everywhere', async () => {
      const revoked = /the token of "site-a" was revoked/;
      await all.open();
      const participant = await all.join('site-a');
      const next = participant.assignments()[Symbol.asyncIterator]().next();
      await hub.tokens.revoke({ role: 'participant', name: 'site-a' });
      await expect(next).rejects.toThrow(revoked);
      await expect(participant.upload(randomBlob(10))).rejects.toThrow(revoked);
      await expect(participant.announce({ type: 'left' })).rejects.toThrow(revoked);
    });

    it('no more with what the hub does not take, though it says so before all has come', async () => {
      await hub.open({ limits: { blobBytes: 1000 } });
      gateway.hubPort = hub.hub().port;
      const participant = await all.join('site-a');
      await expect(participant.upload(randomBlob(3_000_000))).rejects.toThrow(/at most 1000 are taken/);
    });

    it('with what was kept, though there is no room for more', async () => {
      const devTools = await tab.context.newCDPSession(tab.page);
      const origin = `http://127.0.0.1:${gateway.port}`;
      await devTools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 100_000 });
      await tab.act('keep', 'site-a', 'update.json', textOf(randomBlob(1000)));
      const keeping = tab.act('keep', 'site-a', 'update.json', textOf(randomBlob(1_000_000)));
      await expect(keeping).rejects.toThrow('"update.json" cannot be kept: there is no room left');
      expect(await tab.act('kept', 'site-a', 'update.json')).toBe(textOf(randomBlob(1000)));
    });
  });

  it('has the hub killed and started again in the middle of an upload', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'commonweight-'));
    const out = join(folder, 'run');
    const yaml = join(folder, 'federation.yaml');
    await writeFile(
      yaml,
      `dataset: none
imageShape: [1, 28, 28]
classNames: [zero, one]
partition: { name: own, participants: 1 }
model: { name: mlp, hidden: [1000] }
optimizer: { name: sgd, learningRate: 0.05 }
local: { epochs: 1 }
rounds: 1
`,
    );
    const gateway = await openGateway(files);
    const serve = async (port: number) => {
      const process = start(['serve', yaml, '--out', out, '--port', `${port}`]);
      let said = '';
      process.child.stdout?.on('data', (text) => {
        said += text;
      });
      await process.until(/^round 1 of 1/m);
      const [, at] = /listens on http:\/\/127\.0\.0\.1:(\d+)/.exec(said) ?? [];
      gateway.hubPort = Number(at);
      return { ...process, token: handedOut(out).tokens.get('environment-1') };
    };
    const tab = await openTab(page, `http://127.0.0.1:${gateway.port}`);
    const first = await serve(0);
    let second: typeof first | undefined;
    try {
      const participant = await tab.join(first.token ?? '');
      const bytes = randomBlob(3_000_000);
      const silent = gateway.silentAfter(1_000_000);
      const uploading = participant.upload(bytes);
      await silent;
      await untilPartHas(out, 'environment-1', sha256Of(bytes), 500_000);
      first.child.kill('SIGKILL');
      await first.ended;
      second = await serve(0);
      expect(await uploading).toEqual({ sha256: sha256Of(bytes), bytes: bytes.length });
      expect(gateway.offsets.at(-1)).toBeGreaterThanOrEqual(500_000);
      // An upload is confirmed when its bytes are right, and gets its name once they are synced.
      const blob = join(out, 'blobs', sha256Of(bytes));
      await expect.poll(() => sizeOf(blob)).toBe(bytes.length);
    } finally {
      first.child.kill('SIGKILL');
      second?.child.kill('SIGKILL');
      await Promise.all([first.ended, second?.ended]);
      await tab.close();
      await gateway.close();
      await rm(folder, { recursive: true });
    }
  });

  it('hashes in JavaScript on a page that came over plain HTTP from another machine', async () => {
    const hub = await testHub();
    const gateway = await openGateway(files);
    const { port, blobs, publish } = await hub.open();
    gateway.hubPort = port;
    const tab = await openTab(page, `http://hub.test:${gateway.port}`);
    try {
      expect(await tab.page.evaluate(() => isSecureContext)).toBe(false);
      expect(await tab.act('hasWebCrypto')).toBe(false);
      const participant = await tab.join(await hub.tokenOf('site-a'));
      const bytes = randomBlob(100_000);
      const blob = await participant.upload(bytes);
      expect(blob.sha256).toBe(sha256Of(bytes));
      const model = await blobs.put(randomBlob(200_000));
      await publish({ type: 'evaluate', epoch: 1, sequence: 1, round: 1, waitingFor: [], model });
      expect(sha256Of(await participant.download(model))).toBe(model.sha256);
      await tab.act('keep', 'site-a', 'update.json', textOf(bytes));
      expect(await tab.act('kept', 'site-a', 'update.json')).toBe(textOf(bytes));
    } finally {
      await tab.close();
      await gateway.close();
      await hub.close();
    }
  });
});
