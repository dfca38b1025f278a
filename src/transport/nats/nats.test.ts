import { jetstream } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { connect } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import { JOB, natsFederation } from '../../../test/nats-federation.js';
import { withoutNats } from '../../../test/nats-server.js';
import { describeTransport } from '../transport.contract.js';
import { CURRENT_KEY, STATE_BUCKET } from './names.js';

describe.skipIf(withoutNats)('over NATS', () => {
  describeTransport('NATS with its object store', () => natsFederation(), { fences: true, signs: true });

  it('a federation of another version is refused by its number, before anything else of it is read', async () => {
    const federation = await natsFederation();
    try {
      await (await federation.openCoordinator()).close();
      const other = federation.keep(await connect({ servers: federation.server.url }));
      const bucket = await new Kvm(jetstream(other)).open(STATE_BUCKET);
      await bucket.put(CURRENT_KEY, JSON.stringify({ protocol: 99, job: JOB, tomorrow: 1 }));
      await expect(federation.openParticipant('site-a')).rejects.toThrow(/protocol 99, this participant \d+/);
    } finally {
      await federation.close();
    }
  });
});
