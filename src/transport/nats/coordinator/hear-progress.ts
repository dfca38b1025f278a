/**
 * Receives the progress of participants. Only the newest counts, and a lost message does no harm.
 * Node only.
 */
import { type Progress, progressSchema } from '../../../protocol/announcement.js';
import { messageOf } from '../explain.js';
import { decode } from '../messages.js';
import { PROGRESS_BYTES, progressSubject } from '../names.js';
import type { NatsLead } from './lead.js';

export interface ProgressHearing {
  readonly lead: NatsLead;
  /** Token → name. */
  readonly participants: ReadonlyMap<string, string>;
  onProgress(name: string, progress: Progress): void;
  /** Called for every message that cannot be read. */
  warn(token: string, message: string): void;
}

/** Receives progress until the lead ends. */
export function hearProgress({ lead, participants, onProgress, warn }: ProgressHearing): void {
  const { nats, job, signal } = lead;
  const subscription = nats.connection.subscribe(progressSubject(job, '*'), {
    callback(error, message) {
      const token = message.subject.split('.')[3] ?? '';
      const name = participants.get(token);
      if (error !== null || name === undefined || signal.aborted) return;
      try {
        onProgress(name, decode(progressSchema, message.data, PROGRESS_BYTES));
      } catch (cause) {
        warn(token, `progress ${messageOf(cause)}: left out`);
      }
    },
  });
  signal.addEventListener('abort', () => subscription.unsubscribe(), { once: true });
}
