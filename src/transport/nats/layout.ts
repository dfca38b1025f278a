/**
 * Makes what a coordinator needs on the server and is not there yet. Everything is in files, and
 * nothing is large: announcements go when they have been answered, uploads when they have been
 * fetched.
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

/** So many beats may be missed before somebody counts as gone. */
export const BEATS_MISSED = 3;

/**
 * More than this lies there only if somebody announces at random: a federation has one for each
 * participant.
 */
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
    // What has been answered is removed; and a subject, one for each (participant, type, round),
    // holds one message at most.
    retention: RetentionPolicy.Workqueue,
    discard: DiscardPolicy.New,
    discard_new_per_subject: true,
    max_msgs_per_subject: 1,
    max_msg_size: ANNOUNCEMENT_BYTES + 1024,
    max_bytes: ANNOUNCEMENTS_MAXIMUM_BYTES,
  });
  return { state, presence };
}

/** What participants may open, without the right to make it. */
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
