import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { describeTransport } from '../../../transport.contract.js';
import { testHub } from '../../server/test-hub.contract.js';
import { joinHubFromPage } from './join-hub-from-page.js';

// Node has fetch; the WebSocket of `ws` is that of a page.
beforeEach(() => {
  vi.stubGlobal('WebSocket', WebSocket);
});
afterEach(() => {
  vi.unstubAllGlobals();
});

describeTransport(
  'hub, from a page',
  async () => {
    const hub = await testHub();
    return {
      openCoordinator: (handlers) => hub.open({}, handlers),
      openParticipant: (name, trust) => hub.join(name, joinHubFromPage, trust),
      close: () => hub.close(),
    };
  },
  { fences: false, signs: true },
);

describe('a page that joins', () => {
  const token = 'x'.repeat(43);

  it('says what is wrong with its address or token before it asks anybody', async () => {
    await expect(joinHubFromPage('hub:8470', { token })).rejects.toThrow(/not the address of a hub/);
    await expect(joinHubFromPage('http://hub:8470', { token: 'T' })).rejects.toThrow(/not a token/);
  });

  it('does not try a hub that it did not come from, which would not answer it', async () => {
    vi.stubGlobal('location', { origin: 'https://elsewhere.example' });
    await expect(joinHubFromPage('http://hub:8470', { token })).rejects.toMatchObject({
      message: expect.stringContaining('came from https://elsewhere.example'),
      hint: 'open http://hub:8470/join',
    });
  });

  it('waits for a hub that is not there yet, says so, and can give up', async () => {
    const giveUp = new AbortController();
    const troubles: string[] = [];
    const joining = joinHubFromPage('http://127.0.0.1:1', {
      token,
      signal: giveUp.signal,
      onTrouble(reason) {
        if (troubles.push(reason) === 2) giveUp.abort();
      },
    });
    await expect(joining).rejects.toThrow(/closed/);
    expect(troubles).toEqual(Array(2).fill('127.0.0.1:1: no connection can be made'));
  });
});
