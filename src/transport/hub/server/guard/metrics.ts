/**
 * The counters of a hub, for Prometheus. They have their own registry, since a program may have
 * others. Node only.
 */
import { Counter, Gauge, Registry } from 'prom-client';
import type { Traffic } from '../../../../protocol/view.js';

/** A participant's message, or an observer's view, which is not counted as traffic of the run. */
export type MessageKind = 'message' | 'view';
type Kind = 'blob' | MessageKind;

export interface HubMetrics {
  readonly connected: Gauge;
  readonly round: Gauge;
  received(kind: Kind, bytes: number): void;
  sent(kind: Kind, bytes: number): void;
  /** The traffic of the run so far. */
  traffic(): Traffic;
  announced(type: string, outcome: string): void;
  refused(reason: string): void;
  /** The media type and text of the metrics. */
  read(): Promise<{ readonly type: string; readonly text: string }>;
}

export function hubMetrics(): HubMetrics {
  const registry = new Registry();
  const registers = [registry];
  const bytes = (name: string, help: string) => new Counter({ name, help, labelNames: ['kind'], registers });
  const received = bytes(
    'commonweight_received_bytes_total',
    'Bytes of blobs and messages from participants, and of what observers say',
  );
  const sent = bytes(
    'commonweight_sent_bytes_total',
    'Bytes of blobs and messages to participants, and of the view of observers',
  );
  const traffic = { received: 0, sent: 0 };
  const announcements = new Counter({
    name: 'commonweight_announcements_total',
    help: 'Announcements by type, and what became of them',
    labelNames: ['type', 'outcome'],
    registers,
  });
  const refused = new Counter({
    name: 'commonweight_refused_total',
    help: 'Requests, connections and messages that were refused',
    labelNames: ['reason'],
    registers,
  });
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory of the process',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  return {
    connected: new Gauge({
      name: 'commonweight_participants_connected',
      help: 'Participants with an open connection',
      registers,
    }),
    round: new Gauge({ name: 'commonweight_round', help: 'The round under way', registers }),
    received(kind, count) {
      received.inc({ kind }, count);
      if (kind !== 'view') traffic.received += count;
    },
    sent(kind, count) {
      sent.inc({ kind }, count);
      if (kind !== 'view') traffic.sent += count;
    },
    traffic: () => ({ ...traffic }),
    announced: (type, outcome) => announcements.inc({ type, outcome }),
    refused: (reason) => refused.inc({ reason }),
    read: async () => ({ type: registry.contentType, text: await registry.metrics() }),
  };
}
