/** A participant's end of a channel over NATS. Node only. */
import { setTimeout as delay } from 'node:timers/promises';
import { canonicalName } from '../../../base/names.js';
import type { Progress } from '../../../protocol/announcement.js';
import { type CoordinatorTrust, type CoordinatorVoice, coordinatorVoice } from '../../coordinator-voice.js';
import { TransportError } from '../../error.js';
import type { Patience } from '../../patience.js';
import type { ParticipantEnd } from '../../transport.js';
import type { NatsAccess } from '../access.js';
import { type Nats, openNats } from '../connection.js';
import { explain } from '../explain.js';
import { encode } from '../messages.js';
import { PROGRESS_BYTES, participantKey, progressSubject, tokenOf } from '../names.js';
import { beat } from '../presence.js';
import { announcer } from './announce.js';
import { type ChannelEnd, channelEnd } from './channel-end.js';
import { type FoundFederation, findFederation } from './find-federation.js';
import { hearAssignments } from './hear-assignments.js';
import { type BlobMover, objectStoreMover } from './nats-blobs.js';

export interface NatsParticipantOptions extends Patience, CoordinatorTrust {
  readonly name: string;
  readonly access?: NatsAccess;
  /** Moves blobs, if the federation has a hub for them; `over` is aborted with the channel. */
  readonly hub?: (url: string, over: AbortSignal) => BlobMover;
  /** The interval of its beat; the same as at the coordinator's end. */
  readonly beatMs?: number;
  /**
   * The time after which an announcement without a receipt is repeated, and the state is read
   * again.
   */
  readonly retryMs?: number;
}

/**
 * Resolves once there is a federation. It waits only if there is an `onTrouble` to be told.
 * @throws TransportError when there is none, it speaks another protocol, or does not expect the
 *   name; OtherKeyError when it has another key than the one given
 */
export async function joinNats(
  url: string,
  { name: givenName, access = {}, hub, beatMs, retryMs, ...patience }: NatsParticipantOptions,
): Promise<ParticipantEnd> {
  const name = canonicalName(givenName);
  const voice = coordinatorVoice(patience);
  const who = { name: `commonweight participant ${name}`, inbox: `_INBOX_${tokenOf(name)}` };
  const nats = await openNats(url, access, who, patience);
  const channel = channelEnd(nats.connection);
  patience.signal?.addEventListener('abort', channel.end, { once: true });
  try {
    const found = await channel.unlessOver(findFederation(nats, url, voice, patience));
    if (!found.description.participants.includes(name)) {
      throw new TransportError(`nats: "${name}" is not expected in this federation`, {
        hint: `take one of ${found.description.participants.join(', ')}`,
      });
    }
    const member = { nats, channel, voice, found, token: tokenOf(name) };
    const mover = await channel.unlessOver(nats.outages.through(() => moverOf(member, hub)));
    const end = await participantEnd(member, mover, { beatMs, retryMs });
    patience.signal?.removeEventListener('abort', channel.end);
    return end;
  } catch (error) {
    channel.end();
    await nats.connection.close();
    throw explain(error, `"${name}" cannot join`);
  }
}

/** A participant whose federation was found. */
interface JoinedMember {
  readonly nats: Nats;
  readonly channel: ChannelEnd;
  readonly voice: CoordinatorVoice;
  readonly found: FoundFederation;
  readonly token: string;
}

async function moverOf({ nats, channel, found, token }: JoinedMember, hub: NatsParticipantOptions['hub']) {
  const { blobPlace, description } = found;
  const { signal } = channel;
  if (blobPlace === 'object-store') return objectStoreMover(nats, description.job, token, signal);
  if (hub !== undefined) return hub(blobPlace.url, signal);
  throw new TransportError(`nats: blobs are moved by ${blobPlace.url}, but nothing here moves them by HTTP`);
}

async function participantEnd(
  { nats, channel, voice, found, token }: JoinedMember,
  mover: BlobMover,
  { beatMs = 10_000, retryMs = 5000 }: Pick<NatsParticipantOptions, 'beatMs' | 'retryMs'>,
): Promise<ParticipantEnd> {
  const { connection } = nats;
  const { signal, unlessOver } = channel;
  const { buckets, description, epoch, key } = found;
  const { job } = description;
  const presenceKey = participantKey(job, token);
  const assignments = await hearAssignments(nats, buckets, job, voice, retryMs, signal);
  signal.addEventListener('abort', () => assignments.end(channel.failure()), { once: true });
  await beat(nats, buckets.presence, presenceKey, beatMs, signal);
  const announce = announcer(nats, job, token, retryMs, signal);
  return {
    description,
    coordinator: { key, isGiven: voice.isGiven, epoch },
    assignments: () => assignments.read(),
    announce: (announcement) => unlessOver(announce(announcement)),
    tell(progress: Progress) {
      const data = encode(progress);
      if (data.length <= PROGRESS_BYTES && !connection.isClosed()) {
        connection.publish(progressSubject(job, token), data);
      }
    },
    upload: (bytes, known) => unlessOver(mover.upload(bytes, known)),
    download: (blob) => unlessOver(mover.download(blob)),
    async close() {
      channel.end();
      if (connection.isClosed()) return;
      // Tells that we leave, so that nobody waits for missed beats. A server that is away is not
      // waited for.
      const leaving = buckets.presence.delete(presenceKey).catch(() => undefined);
      await Promise.race([leaving, delay(nats.waits.natsLeaveMs, undefined, { ref: false })]);
      await connection.close();
    },
  };
}
