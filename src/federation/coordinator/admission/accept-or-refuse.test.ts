import { rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import {
  blobsOfEachTest,
  bytesOf,
  coordinator,
  expected,
  finalText,
  participants,
  takePart,
  until,
} from '../../../../test/text-federation.js';
import { sha256Of } from '../../../base/node/sha256-of.js';
import { categoriesOf } from '../../../data/dataset.js';
import type { Announcement, Receipt } from '../../../protocol/announcement.js';
import type { Blob } from '../../../protocol/blob-name.js';
import { exampleDescription } from '../../../transport/transport.contract.js';

const blobs = blobsOfEachTest();

describe('what remote participants hand in', () => {
  it('ask again for an update that was damaged on the disk', async () => {
    const damaged: string[] = [];
    const { rounds, transport, end } = coordinator(undefined, {
      async discardAfter(event) {
        if (event.type !== 'update-received' || damaged.length > 0) return;
        damaged.push(event.update.participant);
        await rm(blobs().pathOf(event.update.sha256));
      },
    });
    const done = rounds.conduct(end, 1);
    await Promise.all([...participants.map((name) => takePart(transport.openParticipant(name), name)), done]);
    expect(damaged).toHaveLength(1);
    expect(await finalText(rounds.state().rounds[1]?.merged?.sha256)).toBe(expected);
  });

  it('refuse what the check refuses, and tell both sides why', async () => {
    const refused: string[] = [];
    const { rounds, transport, end } = coordinator(undefined, {
      check: async (_, { type }) => (type === 'update' ? { problem: '"fc.weight" holds NaN' } : {}),
      observer: {
        onRefused: (who, { type }, receipt) =>
          refused.push(`${who} ${type} ${!receipt.accepted && receipt.reason}`),
      },
    });
    const stop = new AbortController();
    const done = rounds.conduct(end, 1, stop.signal);
    const receipts: Receipt[] = [];
    const a = transport.openParticipant('site-a');
    const taking = takePart(a, 'site-a', { receipts });
    await until(() => receipts.length === 1);
    expect(receipts).toEqual([{ accepted: false, reason: 'bad-update', message: '"fc.weight" holds NaN' }]);
    expect(refused).toEqual(['site-a update bad-update']);
    stop.abort();
    await expect(done).rejects.toThrow('interrupted');
    await a.close();
    await taking;
  });

  it('ask for the file of an update that is not there, and not for one that counts already', async () => {
    const { rounds, transport, end } = coordinator();
    const stop = new AbortController();
    const done = rounds.conduct(end, 1, stop.signal);
    const [a, b] = participants.map((name) => transport.openParticipant(name));
    for (const one of [a, b]) {
      await one!.announce({ type: 'joined', examples: 10, validationExamples: 2, runtime: 'none' });
    }
    const announcement = (state: Blob): Announcement => {
      const update = { state, examples: 10, steps: 1, examplesSeen: 10, loss: 1, seconds: 0 };
      return { type: 'update', round: 1, update };
    };
    const state = { sha256: sha256Of(bytesOf('a')), bytes: 1 };
    expect(await a!.announce(announcement(state))).toEqual({
      ...{ accepted: false, reason: 'no-blob' },
      message: `the blob ${state.sha256.slice(0, 12)}… did not come from "site-a": it is uploaded before it is announced`,
    });
    await a!.upload(bytesOf('a'));
    // To know what another has sent is not to have it.
    expect(await b!.announce(announcement(state))).toMatchObject({ accepted: false, reason: 'no-blob' });
    expect(await a!.announce(announcement({ ...state, bytes: 2 }))).toMatchObject({
      message: expect.stringContaining('has 1 bytes, expected 2'),
    });
    expect(await a!.announce(announcement(state))).toEqual({ accepted: true });
    await b!.announce(announcement(await b!.upload(bytesOf('b'))));
    await until(() => rounds.state().rounds.length === 2);
    // Its receipt was lost, and the round has been merged meanwhile.
    await blobs().discard(state.sha256);
    expect(await a!.announce(announcement(state))).toEqual({ accepted: true });
    stop.abort();
    await expect(done).rejects.toThrow('interrupted');
  });

  it('take label counts for as many categories as there are, and as many examples, and write no others down', async () => {
    const { rounds, transport, end } = coordinator();
    const stop = new AbortController();
    const done = rounds.conduct(end, 1, stop.signal);
    const a = transport.openParticipant('site-a');
    const categories = categoriesOf(exampleDescription).length;
    const joined = { type: 'joined', examples: 10, validationExamples: 2, runtime: 'none' } as const;
    const counts = (first: number, length = categories) =>
      Array.from({ length }, (_, label) => (label === 0 ? first : 0));
    for (const labelCounts of [counts(12, 10_000), counts(2 ** 53 - 1), counts(0), []]) {
      expect(await a.announce({ ...joined, labelCounts })).toMatchObject({
        accepted: false,
        message: expect.stringContaining(`expected 12 in ${categories}`),
      });
    }
    expect(rounds.state().members.size).toBe(0);
    expect(await a.announce({ ...joined, labelCounts: counts(12) })).toEqual({ accepted: true });
    stop.abort();
    await expect(done).rejects.toThrow('interrupted');
  });
});
