import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commonweight } from '../command-in-process.js';
import { type NatsServer, natsServer, withoutNats } from '../nats-server.js';
import { sample, start } from '../run-command.js';
import { expectGoesBack } from './expect-goes-back.js';
import { expectSameAsRun, federationYaml } from './federation.js';

const root = mkdtempSync(join(tmpdir(), 'commonweight-kill-'));
afterAll(() => rmSync(root, { recursive: true }));

let server: NatsServer;
beforeEach(async () => {
  server = await natsServer();
});
afterEach(() => server.stop());

describe.skipIf(withoutNats)('a federation over NATS comes to the bytes of `run`', () => {
  it('though the server is killed and started again in every round', { timeout: 180_000 }, async ({
    signal,
  }) => {
    let killed = 0;
    const restart = async () => {
      await server.kill();
      await server.start();
    };
    let restarting: Promise<void> = Promise.resolve();
    const onOutput = (text: string) => {
      const updates = text.match(/^round \d+ {2}update of/gm)?.length ?? 0;
      // After the first update of each round: the second is on its way.
      if (updates < 2 * killed + 1) return;
      killed++;
      restarting = restarting.then(restart);
    };
    await expectSameAsRun(join(root, 'server'), federationYaml(), {}, { signal, nats: server, onOutput });
    await restarting;
    expect(killed).toBe(2);
  });

  it('though the coordinator dies right after an operator went back', { timeout: 180_000 }, ({ signal }) =>
    expectGoesBack(join(root, 'back'), { signal, nats: server, objectStore: true }),
  );

  it('though the coordinator dies for good, since another one stands by', { timeout: 180_000 }, async () => {
    const folder = join(root, 'standby');
    mkdirSync(folder);
    const yaml = join(folder, 'federation.yaml');
    writeFileSync(yaml, federationYaml());
    const serve = [
      'serve',
      yaml,
      '--out',
      join(folder, 'shared'),
      '--nats',
      server.url,
      '--port',
      '0',
      '--nats-object-store',
    ];
    const first = start(serve);
    await first.until(/^round 1 of 2, training/m);
    const second = start(serve);
    await second.until(/waiting to lead/);
    const participants = ['environment-1', 'environment-2'].map((name, k) =>
      start([
        ...['join', server.url, '--name', name, '--data', sample, '--partition', `v:${k + 1}/2`],
        ...['--out', join(folder, name)],
      ]),
    );
    try {
      await first.until(/^round 1 {2}update of/m);
      first.child.kill('SIGKILL');
      await second.until(/^this coordinator leads, as number 2/m);
      const [outcome, ...others] = await Promise.all([second, ...participants].map(({ ended }) => ended));
      expect(outcome).toMatchObject({ status: 0, stderr: '' });
      for (const { status, stderr } of others) expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      await commonweight(['run', yaml, '--out', join(folder, 'run')]);
      const model = (of: string) => readFileSync(join(folder, of, 'model.safetensors'));
      for (const of of ['shared', 'environment-1', 'environment-2']) {
        expect(model(of).equals(model('run'))).toBe(true);
      }
    } finally {
      for (const { child } of [first, second, ...participants]) child.kill('SIGKILL');
    }
  });
});
