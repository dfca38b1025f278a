import { connect } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JOB, type NatsFederation, natsFederation } from '../../../test/nats-federation.js';
import { withoutNats } from '../../../test/nats-server.js';
import { gateway } from '../../../test/silent-servers.js';
import { sha256Of } from '../../base/node/sha256-of.js';
import { randomBlob } from '../transport.contract.js';
import { defaultWaits, type Waits } from '../waits.js';
import type { WaitOfNats } from '../waits.test.js';
import { blobSubject } from './names.js';
import { joinNats } from './participant/participant.js';

const LONG_MS = 600_000;

/** All but one last for ever; the server refuses consumers whose threshold is as long. */
const only = (name: WaitOfNats, ms: number): Waits => ({
  ...defaultWaits,
  ...{ natsAskMs: LONG_MS, natsLeaveMs: LONG_MS, natsRequestMs: LONG_MS },
  [name]: ms,
});

describe.skipIf(withoutNats)('a NATS server that answers, and then not', () => {
  let federation: NatsFederation;
  beforeEach(async () => {
    federation = await natsFederation();
  });
  afterEach(() => federation.close());

  const cases: Readonly<Record<WaitOfNats, () => Promise<void>>> = {
    async natsAskMs() {
      await federation.openCoordinator();
      const other = federation.keep(await connect({ servers: federation.server.url }));
      const troubles: string[] = [];
      const participant = await federation.openParticipant('site-a', {
        waits: only('natsAskMs', 50),
        onTrouble: (reason) => troubles.push(reason),
      });
      const coordinator = await federation.openCoordinator();
      await coordinator.close();
      // Somebody listens there, and does not answer; then a coordinator does.
      const deaf = other.subscribe(blobSubject(JOB, 'site-a'));
      await other.flush();
      const bytes = randomBlob(1000);
      const uploading = participant.upload(bytes);
      while (troubles.length === 0) await new Promise((resolve) => setImmediate(resolve));
      expect(troubles[0]).toBe('nats: an upload: nothing was heard in time');
      deaf.unsubscribe();
      await federation.openCoordinator();
      expect(await uploading).toEqual({ sha256: sha256Of(bytes), bytes: 1000 });
    },
    async natsLeaveMs() {
      await federation.openCoordinator();
      const between = await gateway(Number(new URL(federation.server.url).port));
      const participant = await joinNats(`nats://${between.host}`, {
        ...{ name: 'site-a', waits: only('natsLeaveMs', 50) },
      });
      between.hush();
      await participant.close();
      await between.close();
    },
  };

  it.each(Object.entries(cases))('is not waited for beyond %s', async (_, goesOn) => {
    await goesOn();
  });
});
