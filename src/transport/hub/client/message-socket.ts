/** The interface to one WebSocket to a hub; Node and pages have their own implementation. */
import type { TransportError } from '../../error.js';

export interface MessageSocket {
  send(text: string): void;
  close(): void;
}

/** Opens a WebSocket to a hub, with the subprotocols of `frames.ts`. */
export type OpenSocket = (events: {
  onText(text: string): void;
  /**
   * Called when the socket is closed or could not be opened, with the reason in words. With
   * `final`, trying again would not help.
   */
  onEnd(reason: string, final?: TransportError): void;
}) => MessageSocket;
