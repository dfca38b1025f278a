/**
 * The hub's end of one WebSocket: frames in, parsed and not too many; frames out, not without end for somebody who does
 * not read them; cut when nothing is heard. Node only.
 */
import type { RawData, WebSocket } from 'ws';
import {
  type HubFrame,
  type ParticipantFrame,
  parseFrame,
  participantFrameSchema,
  type RefusalReason,
} from '../../protocol/frames.js';
import { allowance } from './allowance.js';
import type { HubLimits } from './limits.js';
import type { HubMetrics } from './metrics.js';

export interface Connection {
  send(frame: HubFrame): void;
  /** A frame as JSON, for those that many get. */
  sendText(text: string): void;
  /** Says why, and closes. Nothing that comes afterwards is listened to. */
  refuse(reason: RefusalReason, message: string, hint?: string): void;
  /** To be called every `heartbeatMs`. */
  beat(): void;
  /** Ends it without a reason: the hub goes, and will come back. */
  close(): void;
}

export interface ConnectionEvents {
  onFrame(frame: ParticipantFrame): void;
  onRefused(reason: RefusalReason, message: string): void;
  onClose(): void;
}

/** Not read from: whoever has not closed by then is cut. */
const closeMs = 2000;
const mostUnheard = 1000;

export function connection(
  socket: WebSocket,
  limits: HubLimits,
  metrics: HubMetrics,
  { onFrame, onRefused, onClose }: ConnectionEvents,
): Connection {
  const mayTalk = allowance(limits.framesPerSecond, 4 * limits.framesPerSecond);
  let open = true;
  let beatsUnheard = 0;
  /** Messages after the last that counted. */
  let unheard = 0;

  const sendText = (text: string) => {
    if (socket.bufferedAmount > limits.unreadBytes) {
      socket.terminate();
      return;
    }
    metrics.sent('message', text.length);
    socket.send(text);
  };
  const send = (frame: HubFrame) => sendText(JSON.stringify(frame));
  const cutSoon = () => {
    const cut = setTimeout(() => socket.terminate(), closeMs);
    socket.once('close', () => clearTimeout(cut));
  };
  const end = (code: number) => {
    open = false;
    socket.close(code);
    cutSoon();
  };
  const refuse = (reason: RefusalReason, message: string, hint?: string) => {
    if (!open) return;
    send({ type: 'refused', reason, message, ...(hint !== undefined && { hint }) });
    onRefused(reason, message);
    end(1008);
  };

  const mayGoOn = () => {
    if (!open) {
      // On its way already, or from somebody who does not care.
      if (++unheard > mostUnheard) socket.terminate();
      return false;
    }
    if (mayTalk()) return true;
    refuse('too-fast', `more than ${limits.framesPerSecond} messages a second`);
    return false;
  };

  // Nobody needs them, and they are answered, so that they count as messages.
  socket.on('ping', mayGoOn);
  socket.on('pong', mayGoOn);
  socket.on('message', (data: RawData, isBinary: boolean) => {
    if (!mayGoOn()) return;
    beatsUnheard = 0;
    const bytes = data as Buffer;
    metrics.received('message', bytes.length);
    const parsed = isBinary
      ? { problem: 'is no text' }
      : parseFrame(participantFrameSchema, bytes.toString('utf8'));
    if ('problem' in parsed) {
      refuse('bad-frame', `a message that ${parsed.problem}`, 'use one version of commonweight everywhere');
    } else onFrame(parsed.frame);
  });
  // Such as a frame that is too large: `ws` closes by itself.
  socket.on('error', (error) => {
    if (open) onRefused('bad-frame', error.message);
    open = false;
    cutSoon();
  });
  socket.once('close', () => {
    open = false;
    onClose();
  });
  return {
    send,
    sendText,
    refuse,
    beat() {
      if (beatsUnheard++ >= 3) socket.terminate();
      else if (open) send({ type: 'ping' });
    },
    close: () => end(1001),
  };
}
