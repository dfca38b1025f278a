/**
 * Those who watch a run: each is sent what it has not been sent yet, and nobody takes part. While somebody is there, the view is
 * looked at four times a second; who reads slowly is sent the newest state later, and no queue of older ones. Node only.
 */
import type { WebSocket } from 'ws';
import { type ObservedFrame, type ObserverFrame, observerFrameSchema } from '../../../../protocol/view.js';
import type { Log } from '../../../log.js';
import type { ObservedRound, RunView } from '../../../run-view.js';
import { sparingLog } from '../../../sparing-log.js';
import type { HubLimits } from '../guard/limits.js';
import type { HubMetrics } from '../guard/metrics.js';
import type { NoteRefusal } from '../guard/refusals.js';
import { type Connection, connection } from './connection.js';

export interface Observers {
  /** @param stands that its token was not revoked meanwhile */
  connect(socket: WebSocket, address: string | undefined, stands: () => boolean): void;
  close(): void;
}

export interface ObserversParts {
  readonly view: RunView;
  readonly limits: HubLimits;
  readonly metrics: HubMetrics;
  readonly log: Log;
  readonly note: NoteRefusal;
}

interface Observer {
  readonly line: Connection<ObservedFrame>;
  readonly stands: () => boolean;
  /** Once it has said from where on it watches. */
  sent?: Sent;
}

/** What it has been sent last. */
interface Sent {
  readonly fromRound: number;
  readonly rounds: Map<number, ObservedRound>;
  status: string;
  labels: object | undefined;
  /** The next entry. */
  log: number;
}

const LOOK_MS = 250;
/** Enough rounds for one look: 2 MB a second while somebody catches up. */
const FRAME_BYTES = 2 ** 19;
const MOST_ENTRIES = 200;

export function observers({ view, limits, metrics, log, note }: ObserversParts): Observers {
  const spare = sparingLog(log, 1, 30);
  const watching = new Set<Observer>();
  let timers: ReturnType<typeof setInterval>[] = [];

  const begin = () => {
    timers = [
      setInterval(look, LOOK_MS),
      setInterval(() => {
        for (const { line } of watching) line.beat();
      }, limits.heartbeatMs),
    ];
  };
  const rest = () => {
    for (const timer of timers) clearInterval(timer);
  };

  function look(to: Iterable<Observer> = watching): void {
    const now = present(view, metrics);
    for (const { line, stands, sent } of to) {
      if (!stands()) {
        line.refuse('token', 'the token was revoked', 'ask the operator for a new one');
        continue;
      }
      if (sent === undefined || line.unread() > 0) continue;
      for (const text of news(sent, now)) {
        line.sendText(text);
        // The rest comes when this has left, if it is not replaced by then.
        if (line.unread() > FRAME_BYTES) break;
      }
    }
  }

  /** Frames with what has changed since. */
  function* news(sent: Sent, now: Present): Generator<string> {
    const status = now.status();
    if (status !== sent.status) {
      sent.status = status;
      yield status;
    }
    const counts = view.labelCounts();
    if (counts !== sent.labels) {
      sent.labels = counts;
      yield JSON.stringify({ type: 'labels', counts } satisfies ObservedFrame);
    }
    const entries = view.log(sent.log).slice(0, MOST_ENTRIES);
    const last = entries.at(-1);
    if (last !== undefined) {
      sent.log = last.sequence + 1;
      yield JSON.stringify({ type: 'log', entries } satisfies ObservedFrame);
    }
    const rounds: string[] = [];
    let bytes = 0;
    for (const one of now.rounds) {
      if (one.round < sent.fromRound || sent.rounds.get(one.round) === one) continue;
      if (bytes >= FRAME_BYTES) break;
      const text = now.textOf(one);
      bytes += text.length;
      rounds.push(text);
      sent.rounds.set(one.round, one);
    }
    if (rounds.length > 0) yield `{"type":"rounds","rounds":[${rounds.join(',')}]}`;
  }

  return {
    connect(socket, address, stands) {
      const line = connection<ObserverFrame, ObservedFrame>(
        socket,
        limits,
        { schema: observerFrameSchema, kind: 'view', metrics },
        {
          onFrame(frame) {
            if (frame.type === 'pong') return;
            if (observer.sent !== undefined) {
              line.refuse('bad-frame', 'more than one message says from where on it watches');
              return;
            }
            const { round, log } = frame;
            // Rounds of before may be others now.
            const fromRound = view.status().rollbacks === undefined ? round : 1;
            observer.sent = { fromRound, rounds: new Map(), status: '', labels: undefined, log };
            look([observer]);
          },
          onRefused: (reason, message) => note(reason, { address }, message),
          onClose() {
            watching.delete(observer);
            if (watching.size === 0) rest();
            spare('info', address ?? '', { address, observers: watching.size }, 'an observer is gone');
          },
        },
      );
      const observer: Observer = { line, stands };
      if (watching.size === 0) begin();
      watching.add(observer);
      spare('info', address ?? '', { address, observers: watching.size }, 'an observer watches');
      line.send({ type: 'overview', overview: view.overview, heartbeatMs: limits.heartbeatMs });
    },
    close() {
      look();
      for (const { line } of watching) line.close();
    },
  };
}

/** What is the same for everybody in one look: made when the first needs it. */
interface Present {
  status(): string;
  readonly rounds: readonly ObservedRound[];
  textOf(round: ObservedRound): string;
}

function present(view: RunView, metrics: HubMetrics): Present {
  let status: string | undefined;
  const texts = new Map<ObservedRound, string>();
  return {
    status() {
      status ??= JSON.stringify(statusFrame(view, metrics));
      return status;
    },
    rounds: view.rounds(),
    textOf(round) {
      const text = texts.get(round) ?? JSON.stringify(round.read());
      texts.set(round, text);
      return text;
    },
  };
}

function statusFrame(view: RunView, metrics: HubMetrics): ObservedFrame {
  const traffic = view.traffic ?? metrics.traffic();
  const travelled = traffic.received + traffic.sent > 0;
  return { type: 'status', status: view.status(), ...(travelled && { traffic }) };
}
