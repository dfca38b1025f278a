/** A participant's end of a hub, in Node. Node only. */
import type { ParticipantEnd } from '../transport.js';
import { hubAddress, type Trust } from './hub-address.js';
import { messageLoop } from './message-loop.js';
import { moveBlobs } from './move-blobs.js';
import { nodeSocket } from './node-socket.js';

export interface JoinOptions extends Trust {
  readonly token: string;
  /** Gives up while there is no hub yet, which is waited for. Who takes part says goodbye first, and then closes. */
  readonly signal?: AbortSignal;
  /** What failed and is tried again, in words. */
  readonly onTrouble?: (reason: string) => void;
  readonly onConnected?: () => void;
}

export interface HubParticipant extends ParticipantEnd {
  /** Whose token it is. */
  readonly participant: string;
}

/**
 * Resolves once the hub has answered, however long that takes.
 * @param url `https://host:8470`
 * @throws TransportError when the hub does not want this participant, or is not the one of the fingerprint
 */
export async function joinHub(url: string, options: JoinOptions): Promise<HubParticipant> {
  const { token, signal, onTrouble, onConnected } = options;
  const address = hubAddress(url, token, options);
  const closing = new AbortController();
  const close = () => closing.abort();
  signal?.addEventListener('abort', close);
  if (signal?.aborted) close();
  try {
    const open = nodeSocket(address);
    const loop = await messageLoop({ open, signal: closing.signal, onTrouble, onConnected });
    const { participant, description, over, assignments, announce, tell } = loop;
    over.addEventListener('abort', () => address.agent.destroy(), { once: true });
    return {
      ...{ participant, description, assignments, announce, tell },
      ...moveBlobs(address, { over, onTrouble }),
      close: async () => close(),
    };
  } catch (error) {
    address.agent.destroy();
    throw error;
  } finally {
    signal?.removeEventListener('abort', close);
  }
}
