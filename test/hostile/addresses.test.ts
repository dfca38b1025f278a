import { connect } from 'node:net';
import { expect, it, vi } from 'vitest';
import { BESIEGERS, expectSitesFinish, strangers } from './siege.js';
import { request, say } from './wire.js';

/** 127.0.0.2 and on: others than the sites come from. */
const ADDRESSES = 20;

const lacksAddresses = process.platform !== 'linux';
if (lacksAddresses) console.warn('skipped: strangers from twenty addresses: only Linux has them by itself');

it.skipIf(lacksAddresses)(
  'strangers from twenty addresses, with bodies that trickle or never end, lock out neither a visitor from another address nor the sites',
  ({ signal }) =>
    expectSitesFinish(
      async ({ port, refusals }) => {
        const { lift } = strangers(BESIEGERS, (k) =>
          connect({ port, host: '127.0.0.1', localAddress: `127.0.0.${2 + (k % ADDRESSES)}` }),
        );
        await vi.waitUntil(() => refusals('strangers').length > 0, { timeout: 60_000 });
        for (let visit = 0; visit < 10; visit++) {
          const { answer } = await say({ port, token: '' }, request('GET /healthz'));
          expect(answer).toMatch(/^HTTP\/1.1 200/);
        }
        // Whatever they say of where they come from.
        for (const { address } of refusals('strangers'))
          expect(address).toMatch(/^127\.0\.0\.([2-9]|1\d|2[01])$/);
        return { lift };
      },
      { signal },
    ),
);
