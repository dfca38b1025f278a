/**
 * A participant's end of a hub: its messages and its blobs. The same in Node and in a page: the
 * caller brings the socket and the requests.
 */
import type { CoordinatorTrust } from '../../coordinator-voice.js';
import type { Patience } from '../../patience.js';
import type { ParticipantEnd } from '../../transport.js';
import { blobMover } from './blob-mover.js';
import type { BlobRequests } from './blob-requests.js';
import { messageLoop } from './message-loop.js';
import type { OpenSocket } from './message-socket.js';

export interface HubParticipant extends ParticipantEnd {
  /** The participant of the token. */
  readonly participant: string;
}

export interface HubMeans {
  readonly open: OpenSocket;
  readonly requests: BlobRequests;
  /** Called at the end: nothing of this is used any more. */
  release?(): void;
}

/**
 * Resolves once the hub has answered. @throws TransportError when the hub refuses this participant
 */
export async function hubParticipant(
  { open, requests, release }: HubMeans,
  { signal, onTrouble, onConnected, waits, coordinatorKey, onLeftOut }: Patience & CoordinatorTrust,
): Promise<HubParticipant> {
  const closing = new AbortController();
  const close = () => closing.abort();
  signal?.addEventListener('abort', close);
  if (signal?.aborted) close();
  try {
    const loop = await messageLoop({
      ...{ open, signal: closing.signal, onTrouble, onConnected, waits, coordinatorKey, onLeftOut },
    });
    const { participant, description, coordinator, over, assignments, announce, tell } = loop;
    over.addEventListener('abort', () => release?.(), { once: true });
    return {
      ...{ participant, description, coordinator, assignments, announce, tell },
      ...blobMover(requests, { over, onTrouble }),
      close: async () => close(),
    };
  } catch (error) {
    release?.();
    throw error;
  } finally {
    signal?.removeEventListener('abort', close);
  }
}
