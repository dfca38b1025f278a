/**
 * Makes the streams and buckets that a coordinator needs on the server, if they are not there yet.
 * All of them are in files, and none is large: announcements are removed when they have been
 * answered, uploads when they have been fetched.
 */
import { DiscardPolicy, JetStreamApiError, RetentionPolicy, type StreamConfig } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { nanos } from '@nats-io/transport-node';
import type { Nats } from './connection.js';
import {
  ANNOUNCEMENT_BYTES,
  ANNOUNCEMENTS,
  announcementSubject,
  PRESENCE_BUCKET,
  STATE_BUCKET,
} from './names.js';

/** A participant counts as gone after so many missed beats. */
export const BEATS_MISSED = 3;

/** Far more than a federation needs, which has one announcement for each participant at a time. */
const ANNOUNCEMENTS_MAXIMUM_BYTES = 256 * 1024 * 1024;

export interface Buckets {
  readonly state: KV;
  readonly presence: KV;
}

export async function createLayout({ jetStream, manager }: Nats, beatMs: number): Promise<Buckets> {
  const kvm = new Kvm(jetStream);
  const state = await kvm.create(STATE_BUCKET);
  const ttlMs = Math.max(1000, beatMs * BEATS_MISSED);
  const presence = await kvm.create(PRESENCE_BUCKET, { ttl: ttlMs });
  const { streamInfo } = await presence.status();
  if (streamInfo.config.max_age !== nanos(ttlMs)) {
    await manager.streams.update(streamInfo.config.name, { max_age: nanos(ttlMs) });
  }
  await createStream(manager.streams, {
    name: ANNOUNCEMENTS,
    subjects: [announcementSubject('*', '*', '*', '*')],
    // Answered announcements are removed. A subject, one for each (participant, type, round), holds
    // one message at most.
    retention: RetentionPolicy.Workqueue,
    discard: DiscardPolicy.New,
    discard_new_per_subject: true,
    max_msgs_per_subject: 1,
    max_msg_size: ANNOUNCEMENT_BYTES + 1024,
    max_bytes: ANNOUNCEMENTS_MAXIMUM_BYTES,
  });
  return { state, presence };
}

/** Opens the buckets for a participant, which may not make them. */
export async function openLayout({ jetStream }: Nats): Promise<Buckets> {
  const kvm = new Kvm(jetStream);
  return {
    state: await kvm.open(STATE_BUCKET),
    presence: await kvm.open(PRESENCE_BUCKET),
  };
}

async function createStream(
  streams: Nats['manager']['streams'],
  config: Partial<StreamConfig> & { readonly name: string },
): Promise<void> {
  try {
    await streams.info(config.name);
  } catch (error) {
    if (!(error instanceof JetStreamApiError && error.status === 404)) throw error;
    await streams.add(config);
  }
}
