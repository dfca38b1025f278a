/**
 * An observer's end of a hub. It reconnects whenever the connection is lost, and then gets what is
 * new since. The same in Node and in a page: the caller brings the socket.
 */
import { type RefusalReason, refusalReasonSchema } from '../../../protocol/frames.js';
import { type ObservedFrame, type ObserverFrame, observedFrameSchema } from '../../../protocol/view.js';
import { RefusedError, TransportError } from '../../error.js';
import type { Waits } from '../../waits.js';
import { hubConnection } from './hub-connection.js';
import type { OpenSocket } from './message-socket.js';

export type NewsFrame = Exclude<ObservedFrame, { type: 'ping' | 'refused' }>;

export interface WatchHubOptions {
  readonly open: OpenSocket;
  readonly signal: AbortSignal;
  onFrame(frame: NewsFrame): void;
  /** The round and log entry to start from. Called on every connection, after the overview. */
  from(): { readonly round: number; readonly log: number };
  /** Called for everything that arrives, even for a heartbeat. */
  onHeard?(): void;
  /** Told in words of a connection that was lost or could not be made; it is tried again. */
  onTrouble(reason: string): void;
  readonly waits?: Partial<Pick<Waits, 'greetingMs'>> | undefined;
}

const mayBecomeBetter: ReadonlySet<string> = new Set<RefusalReason>(['too-fast']);

/** Resolves when the signal is aborted. @throws TransportError when trying again would not help */
export function watchHub({ open, signal, waits, ...events }: WatchHubOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const connection = hubConnection<ObservedFrame, ObserverFrame>({
      ...{ open, schema: observedFrameSchema, over: signal, waits, onFrame, onFailed },
      onHeard: events.onHeard,
      onTrouble: events.onTrouble,
    });

    function onFrame(frame: ObservedFrame): void {
      if (frame.type === 'ping') connection.send({ type: 'pong' });
      else if (frame.type === 'refused') {
        if (mayBecomeBetter.has(frame.reason)) connection.reconnect(frame.message);
        else onFailed(refusedError(frame));
      } else {
        events.onFrame(frame);
        if (frame.type !== 'overview') return;
        connection.greeted(frame.heartbeatMs);
        connection.send({ type: 'watch', ...events.from() });
      }
    }

    function onFailed(error: TransportError): void {
      signal.removeEventListener('abort', leave);
      connection.close();
      reject(error);
    }

    function leave(): void {
      connection.close();
      resolve();
    }

    if (signal.aborted) resolve();
    else {
      signal.addEventListener('abort', leave, { once: true });
      connection.connect();
    }
  });
}

function refusedError({ reason, message, hint }: ObservedFrame & { type: 'refused' }): TransportError {
  const known = refusalReasonSchema.safeParse(reason);
  const text = `transport: ${message}`;
  if (known.success) return new RefusedError(known.data, text, hint);
  return new TransportError(text, hint === undefined ? {} : { hint });
}
