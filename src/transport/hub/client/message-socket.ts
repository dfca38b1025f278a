/** One WebSocket to a hub, by the means of Node or of a page, which the caller brings. */
import type { TransportError } from '../../error.js';

export interface MessageSocket {
  send(text: string): void;
  close(): void;
}

/** Opens a WebSocket to a hub, with the subprotocols of `frames.ts`. */
export type OpenSocket = (events: {
  onText(text: string): void;
  /**
   * It is closed, or could not be opened; in words why. With an error, there is no use in trying
   * again.
   */
  onEnd(reason: string, final?: TransportError): void;
}) => MessageSocket;
