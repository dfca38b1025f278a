/**
 * The coordinator's end of a channel over NATS. It takes the lead (`lead.ts`), reads its journal, and opens this: the
 * description lies in a key, so does the current assignment; announcements come from a stream, and blobs from the object
 * store or, beside it, by HTTP. Node only.
 */
import type { z } from 'zod';
import type { Announcement, Receipt } from '../../../protocol/announcement.js';
import { progressSchema } from '../../../protocol/announcement.js';
import { blobsOfAnnouncement } from '../../../protocol/named-blobs.js';
import { readSigned, signedSchema } from '../../../protocol/signed.js';
import { PROTOCOL_VERSION } from '../../../protocol/version.js';
import { broughtBlobs } from '../../brought.js';
import { type Log, silentLog } from '../../log.js';
import type { BlobFolder, CoordinatorEnd, SignedReception } from '../../transport.js';
import { explain, reasonOf } from '../explain.js';
import { guardKey } from '../guard-key.js';
import {
  type BlobPlace,
  type Current,
  currentSchema,
  decode,
  encode,
  natsDescribedSchema,
} from '../messages.js';
import { CURRENT_KEY, descriptionKey, PROGRESS_BYTES, progressSubject, tokenOf } from '../names.js';
import { watchPresence } from '../presence.js';
import { objectStoreEnd } from './fetch-blobs.js';
import { hearAnnouncements } from './hear.js';
import type { Lead } from './lead.js';

export interface NatsCoordinatorOptions {
  readonly blobs: BlobFolder;
  /** Where participants move blobs: by default the object store; a URL is that of a hub with the same folder of blobs. */
  readonly blobPlace?: BlobPlace;
  readonly maximumBlobBytes?: number;
  /** What an operator should know: who sent what could not be read, and what is tried once more. */
  readonly log?: Log;
}

/** So many lines about one participant are enough. */
const WARNINGS = 10;

/** @throws FencedError, TransportError */
export async function openNatsCoordinator(
  reception: SignedReception,
  lead: Lead,
  { blobs, blobPlace = 'object-store', maximumBlobBytes = 2 ** 31, log = silentLog }: NatsCoordinatorOptions,
): Promise<CoordinatorEnd & { readonly epoch: number }> {
  const { description, epoch, signer } = reception;
  const { job, nats, buckets, signal } = lead;
  const described = encode(signer.sign('nats-description', { epoch, description, blobs: blobPlace }));
  const current = encode({ protocol: PROTOCOL_VERSION, job, blobs: blobPlace } satisfies Current);
  const participants = new Map(description.participants.map((name) => [tokenOf(name), name]));
  const warnings = new Map<string, number>();
  const warnOf = (token: string, message: string) => {
    const who = participants.get(token) ?? 'somebody who is not expected';
    const count = (warnings.get(who) ?? 0) + 1;
    warnings.set(who, count);
    if (count <= WARNINGS) log.warn({ participant: who }, `nats: ${who}: ${message}`);
    if (count === WARNINGS) log.warn({ participant: who }, `nats: ${who}: more of that is not said`);
  };
  lead.onFenced((error) => reception.onFenced?.(error));
  try {
    const objects =
      blobPlace === 'object-store'
        ? await objectStoreEnd({
            ...{ lead, blobs, description, participants, warn: warnOf },
            maximumBytes: maximumBlobBytes,
            holds: (sha256) => reception.holds?.(sha256) ?? false,
            brought: reception.brought ?? broughtBlobs(),
            mend: async (sha256) => reception.onDamaged?.(sha256),
          })
        : undefined;
    // Whoever reads the description finds what it names.
    if (objects !== undefined) {
      await nats.outages.untilDone('the plan', (lost) => objects.offer(undefined, lost), signal);
    }
    await nats.outages.untilDone('the description', describe, signal);
    await guard();
    const tell = (name: string, present: boolean) => reception.onPresence?.(name, present);
    const presence = await watchPresence(
      nats,
      buckets.presence,
      job,
      participants,
      lead.beatMs,
      tell,
      signal,
    );
    hearProgress(presence.seen);
    hearAnnouncements({ lead, participants, receive, warn: warnOf });
    let publishing: Promise<unknown> = Promise.resolve();
    return {
      blobs,
      epoch: lead.epoch,
      publish(assignment) {
        const published = publishing.then(async () => {
          if (objects !== undefined && !signal.aborted) {
            await nats.outages
              .untilDone('the models', (lost) => objects.offer(assignment, lost), signal)
              .catch((error: unknown) => {
                // Whoever was fenced meanwhile is to hear that.
                if (!signal.aborted) throw error;
              });
          }
          await lead.publish(assignment);
          // What is left over is removed with the next assignment.
          await objects?.forget(assignment).catch(() => undefined);
        });
        publishing = published.catch(() => undefined);
        return published;
      },
      close: () => lead.close(),
    };

    async function receive(name: string, announcement: Announcement): Promise<Receipt> {
      presence.seen(name);
      const named = blobsOfAnnouncement(announcement);
      // One that is in neither is missed by the receiver, if it needs it.
      for (const blob of named) await objects?.fetch(tokenOf(name), blob);
      const settle = objects?.claim(named);
      let receipt: Receipt | undefined;
      try {
        receipt = await reception.receive(name, announcement);
        return receipt;
      } finally {
        settle?.(receipt?.accepted === true);
      }
    }
  } catch (error) {
    await lead.close();
    throw explain(error, `the coordinator of ${job} cannot be opened`);
  }

  async function describe() {
    await buckets.state.put(descriptionKey(job), described);
    await buckets.state.put(CURRENT_KEY, current);
  }

  /** What others have written there is written over. */
  async function guard() {
    const of = (key: string, value: Uint8Array, mayStay: (other: Uint8Array) => boolean) =>
      guardKey(
        nats,
        { bucket: buckets.state, key, value, mayStay, onSpoiled: () => lead.spoiled(overwritten(key)) },
        signal,
      );
    await of(descriptionKey(job), described, (other) => laterEpoch(other) > lead.epoch);
    await of(CURRENT_KEY, current, (other) => jobOf(other) !== job);
  }

  /** Of a description by whoever has taken over; 0 where it is not signed by this key. */
  function laterEpoch(value: Uint8Array): number {
    const read = readAs(signedSchema, value);
    if (read === undefined) return 0;
    const expected = { kind: 'nats-description', schema: natsDescribedSchema, key: signer.key, job } as const;
    const described = readSigned(read, expected);
    return 'value' in described ? described.value.epoch : 0;
  }

  /** Of the next federation in this account; our own where it cannot be read. */
  function jobOf(value: Uint8Array): string {
    return readAs(currentSchema, value)?.job ?? job;
  }

  function hearProgress(seen: (name: string) => void) {
    const subscription = nats.connection.subscribe(progressSubject(job, '*'), {
      callback(error, message) {
        const token = message.subject.split('.')[3] ?? '';
        const name = participants.get(token);
        if (error !== null || name === undefined || signal.aborted) return;
        try {
          const progress = decode(progressSchema, message.data, PROGRESS_BYTES);
          seen(name);
          reception.onProgress?.(name, progress);
        } catch (cause) {
          warnOf(token, `progress ${reasonOf(cause)}: left out`);
        }
      },
    });
    signal.addEventListener('abort', () => subscription.unsubscribe(), { once: true });
  }
}

const overwritten = (key: string) => `somebody has overwritten the key ${key}`;

function readAs<Value>(schema: z.ZodType<Value>, value: Uint8Array): Value | undefined {
  try {
    return decode(schema, value, Number.POSITIVE_INFINITY);
  } catch {
    return undefined;
  }
}
