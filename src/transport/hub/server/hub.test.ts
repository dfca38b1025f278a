import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeTransport } from '../../transport.contract.js';
import type { SigningHandlers } from '../../transport.js';
import { type HubOptions, openHub } from './hub.js';
import { testHub } from './test-hub.contract.js';

const fixtures = join(import.meta.dirname, '../../../../test/fixtures/tls');
const tls = { cert: readFileSync(join(fixtures, 'cert.pem')), key: readFileSync(join(fixtures, 'key.pem')) };

describe('a hub', () => {
  it.each([
    [undefined, /lack blobs, uploadsFolder, tokens, expected/],
    [{ uploadsFolder: 'uploads' }, /lack blobs, tokens, expected/],
  ])('that a program opens with the options %j says which are missing', async (options, message) => {
    const opened = openHub({} as SigningHandlers, options as HubOptions);
    await expect(opened).rejects.toThrow(
      expect.objectContaining({ name: 'CommonweightError', message: expect.stringMatching(message) }),
    );
  });
});

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
