/**
 * A server that lets others write where only a coordinator should: what they put there is survived,
 * and written over.
 */
import { jetstream } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JOB, type NatsFederation, natsFederation } from '../../../test/nats-federation.js';
import { withoutNats } from '../../../test/nats-server.js';
import type { Assignment } from '../../protocol/assignment.js';
import { signer } from '../../protocol/signed.js';
import { OtherKeyError } from '../coordinator-voice.js';
import { exampleDescription, exampleSigner } from '../transport.contract.js';
import { takeLead } from './coordinator/take-lead.js';
import { blobSubject, descriptionKey, STATE_BUCKET, stateKey } from './names.js';

const wait = (sequence: number, epoch = 1): Assignment => ({
  type: 'wait',
  epoch,
  sequence,
  round: sequence,
});
const impostor = signer(new Uint8Array(32).fill(8), JOB);
const first = (assignments: AsyncIterable<Assignment>) => assignments[Symbol.asyncIterator]();

describe.skipIf(withoutNats)('a key of the coordinator that somebody has overwritten', () => {
  let federation: NatsFederation;
  let other: NatsConnection;
  let bucket: KV;
  beforeEach(async () => {
    federation = await natsFederation();
    other = federation.keep(await connect({ servers: federation.server.url }));
  });
  afterEach(() => federation.close());
  const openBucket = async () => {
    bucket = await new Kvm(jetstream(other)).open(STATE_BUCKET);
  };
  const read = async (key: string) => (await bucket.get(key))?.string();
  /** Resolves once a key has this value again. */
  const isAgain = async (key: string, value: string | undefined) => {
    const watch = await bucket.watch({ key });
    for await (const entry of watch) if (entry.string() === value) return;
  };

  it('is left out by participants and written again, also where the server itself has written there', async () => {
    const spoiled: string[] = [];
    const coordinator = await federation.openCoordinator({}, { onSpoiled: (what) => spoiled.push(what) });
    await coordinator.publish(wait(2));
    await openBucket();
    const participant = await federation.openParticipant('site-a', { coordinatorKey: exampleSigner.key });
    const assignments = first(participant.assignments());
    expect((await assignments.next()).value).toEqual(wait(2));
    const keys = [stateKey(JOB), descriptionKey(JOB), 'current'];
    const before = await Promise.all(keys.map(read));
    const old = JSON.stringify(exampleSigner.sign('nats-state', { epoch: 1, assignment: wait(1) }));
    const forged = JSON.stringify(impostor.sign('nats-state', { epoch: 9, assignment: wait(9, 9) }));
    for (const [k, key] of keys.entries()) {
      // The attack of a site that may ask one harmless question.
      other.publish('$JS.API.INFO', '', { reply: `$KV.${STATE_BUCKET}.${key}` });
      await other.flush();
      await isAgain(key, before[k]);
      for (const value of ['', 'no JSON', '{}', old, forged]) {
        await bucket.put(key, value);
        await isAgain(key, before[k]);
      }
    }
    expect(spoiled[0]).toMatch(/^somebody has overwritten the key 0123456789abcdef\.state, which is/);
    await coordinator.publish(wait(3));
    expect((await assignments.next()).value).toEqual(wait(3));
    const late = await federation.openParticipant('site-b', { coordinatorKey: exampleSigner.key });
    expect((await first(late.assignments()).next()).value).toEqual(wait(3));
  });

  it('is waited for by whoever comes meanwhile', async () => {
    const coordinator = await federation.openCoordinator();
    await coordinator.close();
    await openBucket();
    await bucket.put(descriptionKey(JOB), 'spoiled');
    const troubles: string[] = [];
    const joining = federation.openParticipant('site-a', {
      coordinatorKey: exampleSigner.key,
      onTrouble: (reason) => troubles.push(reason),
    });
    while (troubles.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(troubles[0]).toMatch(/description is not JSON/);
    await federation.openCoordinator();
    expect((await joining).description).toEqual(exampleDescription);
  });

  it('does not take the number of the lead back, nor does a server that has lost its files', async () => {
    const spoil = async () => {
      await openBucket();
      await bucket.put(stateKey(JOB), 'spoiled');
    };
    const epochs: number[] = [];
    for (const act of [spoil, spoil, async () => {}]) {
      const lead = await takeLead(federation.server.url, exampleSigner);
      epochs.push(lead.epoch);
      await lead.close();
      await act();
    }
    expect(epochs).toEqual([...new Set(epochs)].sort((a, b) => a - b));
    const after = { lastEpoch: async () => 70 };
    const lead = federation.keep(await takeLead(federation.server.url, exampleSigner, after));
    expect(lead.epoch).toBe(71);
  });

  it('by a coordinator with another key has the one that comes later say so', async () => {
    const lead = federation.keep(await takeLead(federation.server.url, impostor));
    expect(lead.epoch).toBe(1);
    const taking = takeLead(federation.server.url, exampleSigner);
    await expect(taking).rejects.toThrow(OtherKeyError);
    await expect(taking).rejects.toThrow(
      `is led with the key ${impostor.key}, this coordinator's is ${exampleSigner.key}`,
    );
    await expect(federation.openParticipant('site-a', { coordinatorKey: exampleSigner.key })).rejects.toThrow(
      'no federation has been started',
    );
  });

  it('is not refused by a coordinator that answers there for a site', async () => {
    const warnings: string[] = [];
    const warn = (_: object, message: string) => void warnings.push(message);
    const coordinator = await federation.openCoordinator({}, { log: { info() {}, warn, error: warn } });
    await coordinator.publish(wait(1));
    await openBucket();
    const before = await bucket.get(stateKey(JOB));
    other.publish(blobSubject(JOB, 'site-a'), '{}', { reply: `$KV.${STATE_BUCKET}.${stateKey(JOB)}` });
    const own = await other.request(blobSubject(JOB, 'site-a'), '{}', {
      ...{ timeout: 60_000, noMux: true, reply: '_INBOX_site-a.1' },
    });
    expect(own.json()).toMatchObject({ here: false });
    expect((await bucket.get(stateKey(JOB)))?.revision).toBe(before?.revision);
    expect(warnings[0]).toMatch(/site-a: a question for a blob wants its answer at \$KV\.commonweight\./);
  });

  it('is not taken for the coordinator’s by whoever knows its key', async () => {
    await federation.openCoordinator();
    const joining = federation.openParticipant('site-a', { coordinatorKey: impostor.key });
    await expect(joining).rejects.toThrow(
      `the coordinator's key is ${exampleSigner.key}, expected ${impostor.key}`,
    );
  });
});
