/**
 * The hub's end of one WebSocket. Incoming frames are parsed, and their rate is limited. Outgoing
 * frames are limited too, if a client does not read them. A silent connection is cut. Node only.
 */
import type { RawData, WebSocket } from 'ws';
import type { z } from 'zod';
import type { RefusalReason } from '../../../../protocol/frames.js';
import { parseFrame } from '../../../../protocol/parse-frame.js';
import { allowance } from '../../../allowance.js';
import type { HubLimits } from '../guard/limits.js';
import type { HubMetrics, MessageKind } from '../guard/metrics.js';

/** Frames that the hub sends to every role. */
type CommonFrame =
  | { readonly type: 'ping' }
  | { type: 'refused'; reason: RefusalReason; message: string; hint?: string };

export interface Connection<Said> {
  send(frame: Said | CommonFrame): void;
  /** Sends a frame that is JSON already, because many clients get it. */
  sendText(text: string): void;
  /** The bytes that wait to be sent. */
  unread(): number;
  /** Sends the reason, and closes. Later frames are ignored. */
  refuse(reason: RefusalReason, message: string, hint?: string): void;
  /** To be called every `heartbeatMs`. */
  beat(): void;
  /** Whether the client answers in time: it is pinged, and anything that it sends counts. */
  answers(withinMs: number): Promise<boolean>;
  /** Closes without a reason: the hub stops, and will come back. */
  close(): void;
}

/** The frames of a role, and where their bytes are counted. */
export interface Speech<Heard> {
  readonly schema: z.ZodType<Heard>;
  readonly kind: MessageKind;
  readonly metrics: HubMetrics;
}

export interface ConnectionEvents<Heard> {
  onFrame(frame: Heard): void;
  onRefused(reason: RefusalReason, message: string): void;
  onClose(): void;
}

/** A client that has not closed by then is cut. */
const closeMs = 2000;
const mostUnheard = 1000;

export function connection<Heard, Said>(
  socket: WebSocket,
  limits: HubLimits,
  { schema, kind, metrics }: Speech<Heard>,
  { onFrame, onRefused, onClose }: ConnectionEvents<Heard>,
): Connection<Said> {
  const mayTalk = allowance(limits.framesPerSecond, 4 * limits.framesPerSecond);
  let open = true;
  let beatsUnheard = 0;
  const afterEnd = unheard(socket);
  const listening = listeners();

  const sendText = (text: string) => {
    if (socket.bufferedAmount > limits.unreadBytes) return socket.terminate();
    metrics.sent(kind, text.length);
    socket.send(text);
  };
  const send = (frame: Said | CommonFrame) => sendText(JSON.stringify(frame));
  const end = (code: number) => {
    open = false;
    socket.close(code);
    cutSoon(socket);
  };
  const refuse = (reason: RefusalReason, message: string, hint?: string) => {
    if (!open) return;
    send({ type: 'refused', reason, message, ...(hint !== undefined && { hint }) });
    onRefused(reason, message);
    end(1008);
  };

  const mayGoOn = () => {
    if (!open) return afterEnd();
    if (mayTalk()) return true;
    refuse('too-fast', `more than ${limits.framesPerSecond} messages a second`);
    return false;
  };

  // Pings from clients count as messages: nobody needs them, and they are answered.
  socket.on('ping', mayGoOn);
  socket.on('pong', mayGoOn);
  socket.on('message', (data: RawData, isBinary: boolean) => {
    if (!mayGoOn()) return;
    beatsUnheard = 0;
    listening.tell(true);
    const bytes = data as Buffer;
    metrics.received(kind, bytes.length);
    const parsed = isBinary ? { problem: 'is no text' } : parseFrame(schema, bytes.toString('utf8'));
    if ('problem' in parsed) {
      refuse('bad-frame', `a message that ${parsed.problem}`, 'use one version of commonweight everywhere');
    } else onFrame(parsed.frame);
  });
  // Such as a frame that is too large: `ws` closes by itself.
  socket.on('error', (error) => {
    if (open) onRefused('bad-frame', error.message);
    open = false;
    cutSoon(socket);
  });
  socket.once('close', () => {
    open = false;
    listening.tell(false);
    onClose();
  });
  return {
    send,
    sendText,
    unread: () => socket.bufferedAmount,
    refuse,
    beat() {
      if (beatsUnheard++ >= 3) socket.terminate();
      else if (open) send({ type: 'ping' });
    },
    answers(withinMs) {
      if (!open) return Promise.resolve(false);
      const answer = listening.next(withinMs);
      send({ type: 'ping' });
      return answer;
    },
    close: () => end(1001),
  };
}

/**
 * Handles a message after a refusal: it was on its way, or the client ignores the refusal and is
 * cut.
 */
function unheard(socket: WebSocket): () => false {
  let count = 0;
  return () => {
    if (++count > mostUnheard) socket.terminate();
    return false;
  };
}

/** Cuts the socket, if the other end has not closed it by then. */
function cutSoon(socket: WebSocket): void {
  const cut = setTimeout(() => socket.terminate(), closeMs);
  socket.once('close', () => clearTimeout(cut));
}

/** Callers that wait for any message, or for the end. */
function listeners() {
  const waiting = new Set<(heard: boolean) => void>();
  return {
    tell(heard: boolean) {
      for (const each of waiting) each(heard);
      waiting.clear();
    },
    /** Whether anything arrives in time. */
    next: (withinMs: number) =>
      new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => done(false), withinMs);
        const done = (heard: boolean) => {
          clearTimeout(timer);
          waiting.delete(done);
          resolve(heard);
        };
        waiting.add(done);
      }),
  };
}
