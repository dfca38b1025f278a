/**
 * The observers of a run. Each gets what is new since its last frames. While somebody watches, the
 * view is read four times a second. An observer that reads slowly gets the newest state later,
 * without older ones in between. Node only.
 */
import type { WebSocket } from 'ws';
import { type ObservedFrame, type ObserverFrame, observerFrameSchema } from '../../../../protocol/view.js';
import type { Log } from '../../../log.js';
import type { RunView } from '../../../run-view.js';
import { sparingLog } from '../../../sparing-log.js';
import type { HubLimits } from '../guard/limits.js';
import type { HubMetrics } from '../guard/metrics.js';
import type { NoteRefusal } from '../guard/refusal-log.js';
import { type Connection, connection } from './connection.js';
import { FRAME_BYTES, lookAt, news, type Sent, sentNothing } from './news.js';

export interface Observers {
  /** @param stands whether its token is still valid */
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

interface WatchingLine {
  readonly line: Connection<ObservedFrame>;
  readonly stands: () => boolean;
  /** Set once the observer has said from which round and log entry on it watches. */
  sent?: Sent;
}

const LOOK_MS = 250;

export function observers({ view, limits, metrics, log, note }: ObserversParts): Observers {
  const spare = sparingLog(log, 1, 30);
  const watching = new Set<WatchingLine>();
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

  function look(to: Iterable<WatchingLine> = watching): void {
    const now = lookAt(view, metrics);
    for (const { line, stands, sent } of to) {
      if (!stands()) {
        line.refuse('token', 'the token was revoked', 'ask the operator for a new one');
        continue;
      }
      if (sent === undefined || line.unread() > 0) continue;
      for (const text of news(now, sent)) {
        line.sendText(text);
        // The rest follows later, if it is not replaced by then.
        if (line.unread() > FRAME_BYTES) break;
      }
    }
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
            // After a rollback, rounds that the observer has may be others now.
            const fromRound = view.status().rollbacks === undefined ? round : 1;
            observer.sent = sentNothing(fromRound, log);
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
      const observer: WatchingLine = { line, stands };
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
