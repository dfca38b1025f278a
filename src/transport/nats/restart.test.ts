import { connect } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type NatsFederation, natsFederation } from '../../../test/nats-federation.js';
import { withoutNats } from '../../../test/nats-server.js';
import type { Announcement } from '../../protocol/announcement.js';
import type { Assignment } from '../../protocol/assignment.js';
import { evaluated, randomBlob } from '../transport.contract.js';

const wait = (round: number): Assignment => ({ type: 'wait', epoch: 1, sequence: round, round });

describe.skipIf(withoutNats)('a nats-server that is killed and started again', () => {
  let federation: NatsFederation;
  beforeEach(async () => {
    federation = await natsFederation();
  });
  afterEach(() => federation.close());

  it('loses nothing that was announced, and makes no second fact of it', async () => {
    const heard = new Map<string, Set<string>>();
    let first: () => void;
    const begun = new Promise<void>((resolve) => {
      first = resolve;
    });
    await federation.openCoordinator({
      async receive(participant, announcement: Announcement) {
        const key = `${participant} ${announcement.type} ${'round' in announcement ? announcement.round : ''}`;
        heard.set(key, (heard.get(key) ?? new Set()).add(JSON.stringify(announcement)));
        first();
        return { accepted: true };
      },
    });
    const rounds = 40;
    const saying = ['site-a', 'site-b'].map(async (name) => {
      const participant = await federation.openParticipant(name, { retryMs: 500 });
      const receipts = [];
      for (let round = 1; round <= rounds; round++)
        receipts.push(await participant.announce(evaluated(round)));
      return receipts;
    });
    await begun;
    await federation.server.kill();
    await federation.server.start();
    const receipts = (await Promise.all(saying)).flat();
    expect(receipts).toEqual(Array(2 * rounds).fill({ accepted: true }));
    expect(heard.size).toBe(2 * rounds);
    for (const facts of heard.values()) expect(facts.size).toBe(1);
  });

  it('has a participant join that was about to, whatever it was asking for', async () => {
    await federation.openCoordinator();
    const observer = federation.keep(
      await connect({ servers: federation.server.url, maxReconnectAttempts: -1, reconnectTimeWait: 20 }),
    );
    const asked: string[] = [];
    let killAt = Number.POSITIVE_INFINITY;
    let killed: Promise<void> | undefined;
    observer.subscribe('$JS.API.>', {
      callback: (_, { subject, reply }) => {
        if (reply?.startsWith('_INBOX_site-a') !== true) return;
        if (asked.push(subject) === killAt) killed = federation.server.kill();
      },
    });
    await observer.flush();
    await (await federation.openParticipant('site-a')).close();
    await observer.flush();
    const questions = asked.length;
    expect(questions).toBeGreaterThan(5);
    for (killAt = 1; killAt <= questions; killAt++) {
      asked.length = 0;
      killed = undefined;
      const joining = federation.openParticipant('site-a');
      await vi.waitFor(() => expect(killed).toBeDefined(), 60_000);
      await killed;
      await federation.server.start();
      await (await joining).close();
      await vi.waitFor(() => observer.flush(), 60_000);
    }
  });

  it('has an upload go on, and the assignment seen that is published meanwhile', async () => {
    const coordinator = await federation.openCoordinator();
    await coordinator.publish(wait(1));
    const participant = await federation.openParticipant('site-a');
    const assignments = participant.assignments()[Symbol.asyncIterator]();
    expect((await assignments.next()).value).toEqual(wait(1));
    const uploading = participant.upload(randomBlob(20_000_000, 1));
    await federation.server.kill();
    const publishing = coordinator.publish(wait(2));
    const next = assignments.next();
    await federation.server.start();
    await publishing;
    expect((await next).value).toEqual(wait(2));
    const { sha256 } = await uploading;
    expect(await coordinator.blobs.has(sha256)).toBe(true);
  });
});
