/**
 * A connection to a hub that reconnects whenever it is lost. The pause between tries grows until
 * the hub has greeted. A silent connection is given up. Participants and observers use it; they
 * decide what the frames mean. The same in Node and in a page.
 */
import type { z } from 'zod';
import { parseFrame } from '../../../protocol/parse-frame.js';
import { backoffMs, pause } from '../../backoff.js';
import { TransportError } from '../../error.js';
import { defaultWaits, type Waits } from '../../waits.js';
import type { MessageSocket, OpenSocket } from './message-socket.js';

export interface HubConnectionOptions<Heard> {
  readonly open: OpenSocket;
  /** The schema of the hub's frames. */
  readonly schema: z.ZodType<Heard>;
  /** Aborted when no new connection is wanted. */
  readonly over: AbortSignal;
  readonly waits: Partial<Pick<Waits, 'greetingMs'>> | undefined;
  onFrame(frame: Heard): void;
  /** Called for everything that arrives, before it is parsed. */
  onHeard?: (() => void) | undefined;
  /** Told in words of a connection that was lost or could not be made; it is tried again. */
  onTrouble?: ((reason: string) => void) | undefined;
  /** Called when trying again would not help. */
  onFailed(error: TransportError): void;
}

export interface HubConnection<Said> {
  connect(): void;
  /** Does nothing while there is no connection. */
  send(frame: Said): void;
  /** Called when the hub has greeted; it sends something every `beatMs` from now on. */
  greeted(beatMs: number): void;
  /** Whether the hub has greeted on the current connection. */
  isGreeted(): boolean;
  /** Ends the current connection; the next one is made after a pause. */
  reconnect(reason: string): void;
  /** Ends the current connection. */
  close(): void;
}

/** A hub that is silent for so many beats counts as gone. */
const BEATS_MISSED = 3;

export function hubConnection<Heard, Said>(options: HubConnectionOptions<Heard>): HubConnection<Said> {
  const { open, over, waits, onTrouble, onFailed } = options;
  let socket: MessageSocket | undefined;
  let isGreeted = false;
  let attempt = 0;
  let heardAt = 0;
  let watching: ReturnType<typeof setInterval> | undefined;

  function connect(): void {
    const mine = open({
      onText: (text) => mine === socket && hear(text),
      onEnd(reason, final) {
        if (mine !== socket) return;
        if (final === undefined) reconnect(reason);
        else onFailed(final);
      },
    });
    socket = mine;
    expectBeats((waits?.greetingMs ?? defaultWaits.greetingMs) / BEATS_MISSED);
  }

  function close(): void {
    clearInterval(watching);
    const old = socket;
    socket = undefined;
    isGreeted = false;
    old?.close();
  }

  function reconnect(reason: string): void {
    close();
    onTrouble?.(reason);
    void pause(backoffMs(attempt++), over).then(() => {
      if (!over.aborted) connect();
    });
  }

  function hear(text: string): void {
    heardAt = performance.now();
    options.onHeard?.();
    const parsed = parseFrame(options.schema, text);
    if ('frame' in parsed) options.onFrame(parsed.frame);
    else {
      const message = `transport: the hub sent a message that ${parsed.problem}`;
      onFailed(new TransportError(message, { hint: 'use one version of commonweight everywhere' }));
    }
  }

  /** When the hub's machine went down, nothing arrives, and the system notices it late. */
  function expectBeats(beatMs: number): void {
    clearInterval(watching);
    heardAt = performance.now();
    const longestMs = BEATS_MISSED * beatMs;
    watching = setInterval(() => {
      if (performance.now() - heardAt <= longestMs) return;
      reconnect(`nothing was heard of the hub for ${Math.round(longestMs / 1000)} s`);
    }, beatMs);
  }

  return {
    ...{ connect, reconnect, close },
    send: (frame) => socket?.send(JSON.stringify(frame)),
    greeted(beatMs) {
      isGreeted = true;
      attempt = 0;
      expectBeats(beatMs);
    },
    isGreeted: () => isGreeted,
  };
}
