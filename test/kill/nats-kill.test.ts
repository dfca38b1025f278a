import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { connect } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type NatsServer, natsServer, withoutNats } from '../nats-server.js';
import { expectSameAsRun, federationYaml } from './federation.js';

const root = mkdtempSync(join(tmpdir(), 'commonweight-kill-'));
afterAll(() => rmSync(root, { recursive: true }));

let server: NatsServer;
beforeEach(async () => {
  server = await natsServer();
});
afterEach(() => server.stop());

// Of the server and of coordinators that stand by: nats-kill.full.test.ts.
describe.skipIf(withoutNats)('a federation over NATS comes to the bytes of `run`', () => {
  it('though all are killed and started again, and somebody has the server overwrite the coordinator’s keys all the while', async ({
    signal,
  }) => {
    const attacker = await connect({ servers: server.url });
    const keys = await new Kvm(jetstream(attacker)).create('commonweight');
    let attacks = 0;
    /** One harmless question, with a subject of the coordinator's for the answer. */
    const attack = async () => {
      const { job } = (await keys.get('current'))?.json<{ job?: string }>() ?? {};
      for (const key of [`${job}.state`, `${job}.description`, 'current']) {
        attacker.publish('$JS.API.INFO', '', { reply: `$KV.commonweight.${key}` });
      }
      await attacker.flush();
      attacks++;
    };
    const onOutput = () => void attack().catch(() => undefined);
    const deaths = {
      coordinator: ['journal: update-received 1 .* written', 'models/round-1.* in place'],
      participant: ['update-state.safetensors in place'],
    };
    await expectSameAsRun(join(root, 'attacked'), federationYaml(), deaths, {
      ...{ signal, nats: server, onOutput },
    });
    expect(attacks).toBeGreaterThan(2);
    await attacker.close();
  });
});
