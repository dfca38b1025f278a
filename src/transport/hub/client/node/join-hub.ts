/** Opens a participant's end of a hub in Node. Node only. */

import type { CoordinatorTrust } from '../../../coordinator-voice.js';
import type { Patience } from '../../../patience.js';
import { type HubParticipant, hubParticipant } from '../hub-participant.js';
import { hubAddress, type Trust } from './hub-address.js';
import { nodeRequests } from './move-blobs.js';
import { nodeSocket } from './node-socket.js';

export interface JoinHubOptions extends Trust, Patience, CoordinatorTrust {
  readonly token: string;
}

/**
 * Resolves once the hub has answered, however long that takes.
 * @param url `https://host:8470`
 * @throws TransportError when the hub refuses this participant, or has another certificate or
 *   another coordinator's key than expected
 */
export async function joinHub(url: string, options: JoinHubOptions): Promise<HubParticipant> {
  const address = hubAddress(url, options.token, options, options.waits);
  const means = {
    open: nodeSocket(address),
    requests: nodeRequests(address),
    release: () => address.agent.destroy(),
  };
  return hubParticipant(means, options);
}
