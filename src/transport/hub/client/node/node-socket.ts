/** A WebSocket of Node, for the message loop. Node only. */
import { WebSocket } from 'ws';
import { MESSAGES_PATH, subprotocols } from '../../../../protocol/frames.js';
import { TransportError } from '../../../error.js';
import type { OpenSocket } from '../message-socket.js';
import { finalError, type HubAddress } from './hub-address.js';

/** The largest message, such as the description of a large federation. */
const largestBytes = 2 ** 26;
/** Statuses that say that no hub is there, and trying again would not help. */
const notFound: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 410, 426, 501]);

export const nodeSocket =
  ({ url, agent, token, waits }: HubAddress, purpose?: 'watch'): OpenSocket =>
  ({ onText, onEnd }) => {
    const address = new URL(MESSAGES_PATH, url);
    address.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(address, subprotocols(token, purpose), {
      agent,
      maxPayload: largestBytes,
      perMessageDeflate: false,
      handshakeTimeout: waits.greetingMs,
    });
    let failure: Error | undefined;
    socket.on('message', (data) => onText(String(data)));
    socket.on('error', (error) => {
      failure ??= error;
    });
    socket.on('unexpected-response', (request, { statusCode = 0 }) => {
      const message = `transport: ${url.host} answers with status ${statusCode}, and not as a hub`;
      failure = notFound.has(statusCode)
        ? new TransportError(message, { hint: 'check the address of the hub' })
        : new Error(message);
      request.destroy();
      socket.terminate();
    });
    socket.on('close', (code) => {
      const reason =
        failure?.message || (code === 1001 ? 'the hub is closing' : `the connection was lost (${code})`);
      // A hub with TLS ends a connection without TLS in this way.
      const perhaps =
        reason === 'socket hang up' && address.protocol === 'ws:'
          ? '; where it has TLS, its address begins with https://'
          : '';
      onEnd(`${url.host}: ${reason}${perhaps}`, failure && finalError(failure, url));
    });
    return {
      send: (text) => socket.send(text),
      // A hub that does not answer is not waited for.
      close: () =>
        socket.readyState === WebSocket.OPEN ? closeSoon(socket, waits.closeMs) : socket.terminate(),
    };
  };

function closeSoon(socket: WebSocket, closeMs: number): void {
  socket.close();
  const cut = setTimeout(() => socket.terminate(), closeMs);
  socket.once('close', () => clearTimeout(cut));
}
