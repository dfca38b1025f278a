/** Opens a participant's end of a hub, in a page from that hub or in its worker. For pages. */
import type { CoordinatorTrust } from '../../../coordinator-voice.js';
import { TransportError } from '../../../error.js';
import type { Patience } from '../../../patience.js';
import { type HubParticipant, hubParticipant } from '../hub-participant.js';
import { parseAddress } from '../parse-address.js';
import { pageRequests } from './page-requests.js';
import { pageSocket } from './page-socket.js';

export interface JoinFromPageOptions extends Patience, CoordinatorTrust {
  readonly token: string;
}

/**
 * Resolves once the hub has answered, however long that takes.
 * @param url `location.origin`
 * @throws TransportError when the hub refuses this participant, or the page is not from this hub
 */
export async function joinHubFromPage(
  url: string,
  { token, onConnected, ...options }: JoinFromPageOptions,
): Promise<HubParticipant> {
  const place = parseAddress(url, token);
  // Undefined in Node. Another hub does not answer this page, so it would be tried for ever.
  const own = (globalThis as { location?: Location }).location?.origin;
  if (own !== undefined && own !== place.url.origin) {
    throw new TransportError(`transport: the hub is at ${place.url.origin}, and this page came from ${own}`, {
      hint: `open ${place.url.origin}/join`,
    });
  }
  const requests = pageRequests(place, options.waits);
  return hubParticipant(
    { open: pageSocket(place), requests },
    {
      ...options,
      onConnected() {
        requests.reconnect();
        onConnected?.();
      },
    },
  );
}
