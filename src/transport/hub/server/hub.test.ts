import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeTransport } from '../../transport.contract.js';
import { testHub } from './test-hub.contract.js';

const fixtures = join(import.meta.dirname, '../../../../test/fixtures/tls');
const tls = { cert: readFileSync(join(fixtures, 'cert.pem')), key: readFileSync(join(fixtures, 'key.pem')) };

for (const [name, options] of [
  ['hub', {}],
  ['hub over TLS', { tls }],
] as const) {
  describeTransport(
    name,
    async () => {
      const hub = await testHub(options);
      return {
        openCoordinator: (handlers) => hub.open({}, handlers),
        openParticipant: (participant, trust) => hub.join(participant, undefined, trust),
        close: () => hub.close(),
      };
    },
    { fences: false, signs: true },
  );
}
