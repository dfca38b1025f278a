import { natsFederation } from '../../../test/nats-federation.js';
import { describeTransport } from '../transport.contract.js';

describeTransport('NATS with its object store', () => natsFederation(), { fences: true });
