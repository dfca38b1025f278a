/**
 * Passes announcements to the coordinator: one after the other for each participant, by whichever
 * connection they came, and answers each with its receipt. Node only.
 */
import type { Announcement, Receipt } from '../../../../protocol/announcement.js';
import type { HubFrame, ParticipantFrame } from '../../../../protocol/frames.js';
import { blobsOfAnnouncement } from '../../../../protocol/named-blobs.js';
import type { Log } from '../../../log.js';
import type { SettleClaim } from '../../../pending-blobs.js';
import type { SparingLog } from '../../../sparing-log.js';
import type { SigningHandlers } from '../../../transport.js';
import type { HubMetrics } from '../guard/metrics.js';
import type { Connection } from './connection.js';

export interface Intake {
  take(
    participant: string,
    from: Connection<HubFrame>,
    frame: ParticipantFrame & { type: 'announcement' },
  ): void;
  /**
   * Announces that the participant has left, after its own announcements.
   * @throws the error with which the coordinator failed to record it
   */
  leave(participant: string, reason: string): Promise<void>;
  /** Resolves once every announcement is recorded or refused. */
  settled(): Promise<void>;
}

export interface IntakeParts {
  readonly handlers: Pick<SigningHandlers, 'receive'>;
  readonly metrics: HubMetrics;
  readonly log: Log;
  readonly spare: SparingLog;
  /** Marks blobs as in use. */
  claim(sha256s: readonly string[]): SettleClaim;
}

/**
 * Far more than a participant needs, which announces one thing after the other and repeats it on a
 * new connection.
 */
const MOST_WAITING = 16;

export function intake({ handlers, metrics, log, spare, claim }: IntakeParts): Intake {
  const queues = new Map<string, { waiting: number; last: Promise<void> }>();

  function queueOf(participant: string) {
    const queue = queues.get(participant) ?? { waiting: 0, last: Promise.resolve() };
    queues.set(participant, queue);
    return queue;
  }

  async function receive(participant: string, announcement: Announcement): Promise<Receipt> {
    const settle = claim(blobsOfAnnouncement(announcement).map(({ sha256 }) => sha256));
    let receipt: Receipt | undefined;
    try {
      receipt = await handlers.receive(participant, announcement);
      return receipt;
    } finally {
      settle(receipt?.accepted === true);
    }
  }

  function note(participant: string, announcement: Announcement, receipt: Receipt): void {
    const round = 'round' in announcement ? { round: announcement.round } : {};
    const fields = { participant, announcement: announcement.type, ...round };
    if (receipt.accepted) spare('info', participant, fields, 'accepted');
    else spare('warn', participant, { ...fields, reason: receipt.reason }, receipt.message);
  }

  return {
    take(participant, from, { id, announcement }) {
      const { type } = announcement;
      const queue = queueOf(participant);
      if (queue.waiting >= MOST_WAITING) {
        from.refuse('too-fast', `more than ${MOST_WAITING} announcements wait for their receipts`);
        return;
      }
      queue.waiting++;
      queue.last = queue.last.then(async () => {
        try {
          const receipt = await receive(participant, announcement);
          metrics.announced(type, receipt.accepted ? 'accepted' : receipt.reason);
          from.send({ type: 'receipt', id, receipt });
          note(participant, announcement, receipt);
        } catch (error) {
          // Sends no receipt: the participant reconnects and repeats the announcement.
          metrics.announced(type, 'error');
          log.error({ participant, announcement: type, error }, 'an announcement was not received');
          from.close();
        } finally {
          queue.waiting--;
        }
      });
    },
    async leave(participant, reason) {
      const queue = queueOf(participant);
      const left = queue.last.then(() => handlers.receive(participant, { type: 'left', reason }));
      queue.last = left.then(ignore, ignore);
      await left;
    },
    async settled() {
      await Promise.all([...queues.values()].map(({ last }) => last));
    },
  };
}

const ignore = () => undefined;
