import { jetstream } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JOB, type NatsFederation, natsFederation } from '../../../test/nats-federation.js';
import { withoutNats } from '../../../test/nats-server.js';
import type { Announcement, Receipt } from '../../protocol/announcement.js';
import { TransportError } from '../error.js';
import { silentLog } from '../log.js';
import { evaluated, exampleDescription } from '../transport.contract.js';
import {
  ANNOUNCEMENT_BYTES,
  ANNOUNCEMENTS,
  announcementSubject,
  receiptSubject,
  subjectOf,
} from './names.js';

describe.skipIf(withoutNats)('announcements over NATS', () => {
  let federation: NatsFederation;
  let stranger: NatsConnection;
  let warnings: string[];
  let heard: [string, Announcement][];
  beforeEach(async () => {
    federation = await natsFederation();
    stranger = federation.keep(await connect({ servers: federation.server.url }));
    warnings = [];
    heard = [];
  });
  afterEach(() => federation.close());

  const openCoordinator = (answer: (announcement: Announcement) => Receipt = () => ({ accepted: true })) =>
    federation.openCoordinator(
      {
        async receive(participant, announcement) {
          heard.push([participant, announcement]);
          return answer(announcement);
        },
      },
      { log: { ...silentLog, warn: (_, message) => warnings.push(message) } },
    );
  const say = (subject: string, message: unknown) =>
    jetstream(stranger).publish(subject, typeof message === 'string' ? message : JSON.stringify(message));
  const left = async () => {
    const manager = await jetstream(stranger).jetstreamManager();
    return (await manager.streams.info(ANNOUNCEMENTS)).state.messages;
  };
  const receipts = (count: number, token = 'site-a') => {
    const subscription = stranger.subscribe(receiptSubject(JOB, token), { max: count });
    const all = (async () => {
      const seen: unknown[] = [];
      for await (const message of subscription) seen.push(message.json());
      return seen;
    })();
    return stranger.flush().then(() => ({ all }));
  };

  it('are refused, said once, and not heard again, where they are no JSON or not of the schema', async () => {
    await openCoordinator();
    const { all } = await receipts(3);
    const subject = (round: number) => announcementSubject(JOB, 'site-a', 'evaluated', round);
    await say(subject(1), 'no JSON');
    await say(subject(2), { id: 'two', announcement: { type: 'evaluated', round: 2 } });
    await say(subject(3), { id: 'three', announcement: evaluated(4) });
    await say(subject(4), { id: '../four', announcement: evaluated(4) });
    await say(subject(5), { id: 'five', announcement: { ...evaluated(5), extra: 1 } });
    await say(subject(6), { id: 'six', announcement: { ...evaluated(6), accuracy: Number.NaN } });
    const answers = await all;
    expect(answers).toMatchObject([
      { id: 'two', receipt: { accepted: false, reason: 'bad-update' } },
      { id: 'three', receipt: { accepted: false, message: expect.stringMatching(/is of type evaluated/) } },
      { id: 'five', receipt: { accepted: false } },
    ]);
    // An honest one after them is heard, and what was refused does not lie there any more.
    const participant = await federation.openParticipant('site-a');
    expect(await participant.announce(evaluated(7))).toEqual({ accepted: true });
    expect(heard).toEqual([['site-a', evaluated(7)]]);
    expect(warnings).toHaveLength(6);
    expect(warnings[0]).toMatch(/site-a: an announcement is not JSON/);
    await expect.poll(left).toBe(0);
  });

  it('are refused where they come from nobody who is expected', async () => {
    await openCoordinator();
    await say(announcementSubject(JOB, 'stranger', 'evaluated', 1), { id: 'x', announcement: evaluated(1) });
    await expect.poll(left).toBe(0);
    expect(heard).toEqual([]);
    expect(warnings).toEqual([expect.stringMatching(/nobody who is expected/)]);
  });

  it('do not fill the log where they are nonsense', async () => {
    await openCoordinator();
    for (let round = 1; round <= 50; round++)
      await say(announcementSubject(JOB, 'site-a', 'evaluated', round), 'nonsense');
    await expect.poll(left).toBe(0);
    expect(warnings).toHaveLength(11);
  });

  it('are not larger than the server and the coordinator allow', async () => {
    await openCoordinator();
    const participant = await federation.openParticipant('site-a');
    const labelCounts = Array.from({ length: 10_000 }, () => Number.MAX_SAFE_INTEGER);
    const joined: Announcement = { type: 'joined', examples: 1, validationExamples: 0, runtime: '' };
    expect(await participant.announce({ ...joined, labelCounts })).toEqual({ accepted: true });
    const subject = announcementSubject(JOB, 'site-a', 'evaluated', 1);
    await expect(say(subject, 'x'.repeat(ANNOUNCEMENT_BYTES + 2000))).rejects.toThrow(/size exceeds/);
    await say(subject, 'x'.repeat(ANNOUNCEMENT_BYTES + 100));
    await expect.poll(() => warnings).toEqual([expect.stringMatching(/is \d+ bytes, expected at most/)]);
    // Said by a participant, it has an answer, or ends with an error.
    const large = { type: 'left', reason: 'x'.repeat(ANNOUNCEMENT_BYTES) } as const;
    expect(await participant.announce(large)).toMatchObject({ accepted: false, reason: 'bad-update' });
    const larger = { type: 'left', reason: 'x'.repeat(ANNOUNCEMENT_BYTES + 2000) } as const;
    await expect(participant.announce(larger)).rejects.toThrow(TransportError);
  });

  it('lie there once for each participant, type and round until a coordinator comes', async () => {
    await (await openCoordinator()).close();
    const participant = await federation.openParticipant('site-a', { retryMs: 20 });
    const receipt = participant.announce(evaluated(1));
    await expect.poll(left).toBe(1);
    await expect(
      say(subjectOf(JOB, 'site-a', evaluated(1)), { id: 'twin', announcement: evaluated(1) }),
    ).rejects.toThrow(/maximum messages per subject/);
    await openCoordinator();
    expect(await receipt).toEqual({ accepted: true });
    // At least once, and always the same.
    expect(new Set(heard.map((said) => JSON.stringify(said)))).toEqual(
      new Set([JSON.stringify(['site-a', evaluated(1)])]),
    );
  });

  it('may be said again, by whoever missed the receipt or was refused, and are answered again', async () => {
    let refuses = true;
    await openCoordinator(() =>
      refuses ? { accepted: false, reason: 'bad-update', message: 'not finite' } : { accepted: true },
    );
    const participant = await federation.openParticipant('site-a');
    expect(await participant.announce(evaluated(1))).toMatchObject({ accepted: false });
    refuses = false;
    const corrected = { ...evaluated(1), examples: 11 } as Announcement;
    expect(await participant.announce(corrected)).toEqual({ accepted: true });
    // Started anew, it says the same again.
    await participant.close();
    const again = await federation.openParticipant('site-a');
    expect(await again.announce(corrected)).toEqual({ accepted: true });
    expect(heard.map(([, announcement]) => announcement)).toEqual([evaluated(1), corrected, corrected]);
  });

  it('are heard again until the coordinator can keep them', async () => {
    let full = true;
    await federation.openCoordinator(
      {
        async receive() {
          if (!full) return { accepted: true };
          full = false;
          throw new Error('no space left on device');
        },
      },
      { log: { ...silentLog, warn: (_, message) => warnings.push(message) } },
    );
    const participant = await federation.openParticipant('site-a');
    expect(await participant.announce(evaluated(1))).toEqual({ accepted: true });
    expect(warnings).toEqual([expect.stringMatching(/heard once more: no space left/)]);
  });

  it('come from participants of any name', async () => {
    const participants = ['Klinikum_Köln-3', '서울'];
    await federation.openCoordinator({
      description: { ...exampleDescription, participants },
      async receive(...said) {
        heard.push(said);
        return { accepted: true };
      },
    });
    for (const name of participants) {
      const participant = await federation.openParticipant(name);
      await participant.upload(new Uint8Array([1, 2, 3]));
      expect(await participant.announce(evaluated(1))).toEqual({ accepted: true });
    }
    expect(heard.map(([name]) => name)).toEqual(participants);
  });
});
