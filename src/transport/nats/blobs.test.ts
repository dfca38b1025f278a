import { jetstream } from '@nats-io/jetstream';
import { Objm } from '@nats-io/obj';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JOB, type NatsFederation, natsFederation } from '../../../test/nats-federation.js';
import { withoutNats } from '../../../test/nats-server.js';
import { sha256Of } from '../../base/node/sha256-of.js';
import { TransportError } from '../error.js';
import { type Log, silentLog } from '../log.js';
import { randomBlob } from '../transport.contract.js';
import { blobSubject, MODELS_BUCKET, objectName, uploadsBucket } from './names.js';
import type { BlobMover } from './participant/nats-blobs.js';

describe.skipIf(withoutNats)('blobs over NATS', () => {
  let federation: NatsFederation;
  let other: NatsConnection;
  let warnings: string[];
  beforeEach(async () => {
    federation = await natsFederation();
    other = federation.keep(await connect({ servers: federation.server.url, inboxPrefix: '_INBOX_site-a' }));
    warnings = [];
  });
  afterEach(() => federation.close());

  const log: Log = { ...silentLog, warn: (_, message) => warnings.push(message) };
  const storeOf = (bucket: string) => new Objm(jetstream(other)).open(bucket);
  const subjectsOf = async (bucket: string) => {
    const manager = await jetstream(other).jetstreamManager();
    const { state } = await manager.streams.info(`OBJ_${bucket}`, { subjects_filter: `$O.${bucket}.C.>` });
    return Object.keys(state.subjects ?? {});
  };

  it('leave nothing in the store once the coordinator has them, nor what an uploader left that died', async () => {
    const coordinator = await federation.openCoordinator();
    const bucket = uploadsBucket('site-a');
    await jetstream(other).publish(`$O.${bucket}.C.died`, randomBlob(1000));
    const participant = await federation.openParticipant('site-a');
    const blob = await participant.upload(randomBlob(2_000_000));
    expect(await coordinator.blobs.has(blob.sha256)).toBe(true);
    expect(await subjectsOf(bucket)).toEqual([]);
  });

  it('are sent again where something else came out of the store', async () => {
    const coordinator = await federation.openCoordinator({}, { log });
    const store = await storeOf(uploadsBucket('site-a'));
    const bytes = randomBlob(1_000_000);
    const name = objectName(JOB, sha256Of(bytes));
    await store.putBlob({ name }, randomBlob(1_000_000, 1));
    const participant = await federation.openParticipant('site-a');
    const blob = await participant.upload(bytes);
    expect(sha256Of(await coordinator.blobs.get(blob.sha256))).toBe(blob.sha256);
    expect(warnings).toEqual([expect.stringMatching(/site-a: blob .* other bytes .* sent once more/)]);
  });

  it('are refused where they are too large, or no blobs', async () => {
    await federation.openCoordinator({}, { log, maximumBlobBytes: 1000 });
    const participant = await federation.openParticipant('site-a');
    await expect(participant.upload(randomBlob(1001))).rejects.toThrow(/1001 bytes, expected at most 1000/);
    const reply = await other.request(blobSubject(JOB, 'site-a'), '{"sha256":"../../etc/passwd","bytes":1}');
    expect(reply.json()).toMatchObject({ here: false, refused: expect.stringMatching(/schema: sha256/) });
    const nobody = await other.request(blobSubject(JOB, 'nobody'), '{}', {
      ...{ timeout: 60_000, noMux: true, reply: '_INBOX_nobody.1' },
    });
    expect(nobody.json()).toMatchObject({ here: false, refused: expect.stringMatching(/not expected/) });
    expect(warnings).toHaveLength(2);
  });

  it('that are too large are not fetched either where they are announced', async () => {
    const coordinator = await federation.openCoordinator({}, { log, maximumBlobBytes: 1000 });
    const bytes = randomBlob(1001);
    const state = { sha256: sha256Of(bytes), bytes: bytes.length };
    await (await storeOf(uploadsBucket('site-a'))).putBlob({ name: objectName(JOB, state.sha256) }, bytes);
    const participant = await federation.openParticipant('site-a');
    const update = { state, examples: 1, epochs: 1, examplesSeen: 1, loss: 1, seconds: 1 };
    await participant.announce({ type: 'update', round: 1, update });
    expect(await coordinator.blobs.has(state.sha256)).toBe(false);
    expect(warnings).toEqual([expect.stringMatching(/a blob has 1001 bytes, expected at most 1000/)]);
  });

  it('that are never announced make room for new ones', async () => {
    const coordinator = await federation.openCoordinator();
    const participant = await federation.openParticipant('site-a');
    const uploaded: string[] = [];
    for (let seed = 0; seed < 66; seed++) {
      const { sha256, bytes } = await participant.upload(randomBlob(100, seed));
      uploaded.push(sha256);
      if (seed > 0) continue;
      const update = {
        state: { sha256, bytes },
        examples: 1,
        epochs: 1,
        examplesSeen: 1,
        loss: 1,
        seconds: 1,
      };
      expect(await participant.announce({ type: 'update', round: 1, update })).toEqual({ accepted: true });
    }
    const here = await Promise.all(uploaded.map((sha256) => coordinator.blobs.has(sha256)));
    // The first was announced; of 65 others the oldest is gone.
    expect(here.map((is, place) => (is ? -1 : place)).filter((place) => place >= 0)).toEqual([1]);
  });

  it('are refused by a participant where the store has other bytes', async () => {
    const coordinator = await federation.openCoordinator();
    const model = await coordinator.blobs.put(randomBlob(1000));
    await coordinator.publish({ type: 'evaluate', epoch: 1, sequence: 1, round: 1, waitingFor: [], model });
    const store = await storeOf(MODELS_BUCKET);
    await store.putBlob({ name: objectName(JOB, model.sha256) }, randomBlob(1000, 1));
    const participant = await federation.openParticipant('site-a');
    await expect(participant.download(model)).rejects.toThrow(/other bytes than its SHA-256 says, 5 times/);
  });

  it('are kept in the store while the current assignment, or the one before, names them', async () => {
    const coordinator = await federation.openCoordinator();
    const models = await Promise.all([1, 2, 3].map((seed) => coordinator.blobs.put(randomBlob(1000, seed))));
    for (const [i, model] of models.entries()) {
      const sequence = 2 * i;
      const round = i + 1;
      await coordinator.publish({ type: 'evaluate', epoch: 1, sequence, round, waitingFor: [], model });
      await coordinator.publish({ type: 'wait', epoch: 1, sequence: sequence + 1, round });
    }
    const kept = (await (await storeOf(MODELS_BUCKET)).list()).map(({ name }) => name);
    expect(kept.sort()).toEqual(
      models
        .slice(1)
        .map(({ sha256 }) => objectName(JOB, sha256))
        .sort(),
    );
  });

  it('are moved by a hub where the federation has one', async () => {
    const url = 'https://127.0.0.1:9';
    const coordinator = await federation.openCoordinator({}, { blobPlace: { url } });
    await expect(federation.openParticipant('site-a')).rejects.toThrow(TransportError);
    const asked: string[] = [];
    const hub = (at: string): BlobMover => {
      asked.push(at);
      return {
        upload: (bytes) => coordinator.blobs.put(bytes),
        download: (blob) => coordinator.blobs.get(blob.sha256),
      };
    };
    const participant = await federation.openParticipant('site-a', { hub });
    const state = await participant.upload(randomBlob(1000));
    const update = { state, examples: 1, epochs: 1, examplesSeen: 1, loss: 1, seconds: 1 };
    expect(await participant.announce({ type: 'update', round: 1, update })).toEqual({ accepted: true });
    expect(asked).toEqual([url]);
  });
});
