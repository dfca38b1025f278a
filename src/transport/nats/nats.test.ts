import { describe } from 'vitest';
import { natsFederation } from '../../../test/nats-federation.js';
import { withoutNats } from '../../../test/nats-server.js';
import { describeTransport } from '../transport.contract.js';

describe.skipIf(withoutNats)('over NATS', () => {
  describeTransport('NATS with its object store', () => natsFederation(), { fences: true, signs: true });
});
