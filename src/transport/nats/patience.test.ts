import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type NatsFederation, natsFederation } from '../../../test/nats-federation.js';
import { withoutNats } from '../../../test/nats-server.js';
import { TransportError } from '../error.js';
import { exampleSigner } from '../transport.contract.js';
import { takeLead } from './coordinator/take-lead.js';
import { joinNats } from './participant/participant.js';

let federation: NatsFederation;
beforeEach(async () => {
  federation = await natsFederation();
});
afterEach(() => federation.close());

/** Somebody who is told of the waiting. */
function told() {
  const lines: string[] = [];
  return {
    lines,
    onTrouble: (reason: string) => void (lines.at(-1) !== reason && lines.push(reason)),
    onConnected: () => void lines.push('connected'),
    /** Resolves when it has been told so. */
    of: (pattern: RegExp) =>
      vi.waitFor(() => expect(lines).toContainEqual(expect.stringMatching(pattern)), 60_000),
  };
}

describe.skipIf(withoutNats)('whoever is told of what is not there yet', () => {
  it('waits for the server, and a participant for the coordinator after it', async () => {
    await federation.server.kill();
    const [coordinator, participant] = [told(), told()];
    const joining = federation.openParticipant('site-a', participant);
    await participant.of(/^nats: nats:.* cannot be reached: connection refused$/);
    await federation.server.start();
    await participant.of(/^nats: no federation has been started at nats:/);
    await federation.server.kill();
    const leading = federation.openCoordinator({}, coordinator);
    await coordinator.of(/cannot be reached/);
    await federation.server.start();
    await Promise.all([leading, joining]);
    expect(coordinator.lines).toEqual([expect.stringMatching(/cannot be reached/), 'connected']);
    expect(participant.lines.at(-1)).toBe('connected');
  });

  it('hears of an outage, and not of its own goodbye', async () => {
    const [coordinator, participant] = [told(), told()];
    const leading = await federation.openCoordinator({}, coordinator);
    const end = await federation.openParticipant('site-a', participant);
    for (const { lines } of [coordinator, participant]) lines.length = 0;
    await federation.server.kill();
    const lost = /^nats: the connection to nats:.* was lost$/;
    await Promise.all([coordinator.of(lost), participant.of(lost)]);
    await federation.server.start();
    await Promise.all([coordinator.of(/^connected$/), participant.of(/^connected$/)]);
    await end.close();
    await leading.close();
    for (const { lines } of [coordinator, participant]) {
      expect(lines).toEqual([expect.stringMatching(lost), 'connected']);
    }
  });

  it('is let go by the signal', async () => {
    await federation.server.kill();
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = told();
    const ends = [
      takeLead(federation.server.url, exampleSigner, { signal, ...waiting }),
      joinNats(federation.server.url, { name: 'site-a', signal, ...waiting }),
    ].map((end) => end.then(String, (error: unknown) => error));
    await waiting.of(/cannot be reached/);
    controller.abort();
    for (const end of await Promise.all(ends)) expect(end).toBeInstanceOf(TransportError);
  });

  it('is let go by the signal, too, when the server went while there was no federation', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = told();
    const joining = joinNats(federation.server.url, { name: 'site-a', signal, ...waiting });
    const ended = joining.then(String, (error: unknown) => error);
    await waiting.of(/no federation has been started/);
    await federation.server.kill();
    await waiting.of(/was lost/);
    controller.abort();
    expect(await ended).toBeInstanceOf(TransportError);
  });
});

describe.skipIf(withoutNats)('whoever is told of nothing', () => {
  it('fails at once, without a server or a federation', async () => {
    const { url } = federation.server;
    await expect(joinNats(url, { name: 'site-a' })).rejects.toThrow(/no federation has been started/);
    await federation.server.kill();
    await expect(joinNats(url, { name: 'site-a' })).rejects.toThrow(/cannot be reached/);
    await expect(takeLead(url, exampleSigner)).rejects.toThrow(/cannot be reached/);
  });
});
