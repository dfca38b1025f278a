/**
 * Announces for a participant: it publishes until there is a receipt. While an announcement is
 * unanswered, the server refuses another for the same subject, so repeating it costs nothing. Once
 * it was answered and removed, a repeated announcement is received and answered again. So a lost
 * receipt is requested by repeating, and no receipt needs to be kept.
 */
import { randomUUID } from 'node:crypto';
import { JetStreamApiError } from '@nats-io/jetstream';
import type { Announcement, Receipt } from '../../../protocol/announcement.js';
import type { Nats } from '../connection.js';
import { closedError } from '../explain.js';
import { answerSchema, decode, encode } from '../messages.js';
import { ANNOUNCEMENT_BYTES, receiptSubject, subjectOf } from '../names.js';

/** "maximum messages per subject exceeded": an announcement is there already. */
const LIES_THERE = 10077;

export function announcer(
  { connection, jetStream, outages }: Nats,
  job: string,
  token: string,
  retryMs: number,
  signal: AbortSignal,
): (announcement: Announcement) => Promise<Receipt> {
  const receipts = new Map<string, (receipt: Receipt) => void>();
  /** Wakes the loop below, to publish again. */
  let wake = () => {};
  connection.subscribe(receiptSubject(job, token), {
    callback(error, message) {
      if (error !== null) return;
      try {
        const { id, receipt } = decode(answerSchema, message.data, ANNOUNCEMENT_BYTES);
        const resolve = receipts.get(id);
        // The announcement of an earlier process was answered: its subject is free.
        if (resolve === undefined) wake();
        else resolve(receipt);
      } catch {
        // It is not a receipt; the next try gets one.
      }
    },
  });
  outages.onReconnect(() => wake(), signal);
  signal.addEventListener('abort', () => wake(), { once: true });
  let announcing: Promise<unknown> = Promise.resolve();
  return (announcement) => {
    const receipt = announcing.then(() => announce(announcement));
    announcing = receipt.catch(() => undefined);
    return receipt;
  };

  async function announce(announcement: Announcement): Promise<Receipt> {
    const subject = subjectOf(job, token, announcement);
    const id = randomUUID();
    const data = encode({ id, announcement });
    let answered: Receipt | undefined;
    receipts.set(id, (receipt) => {
      answered = receipt;
      wake();
    });
    try {
      while (answered === undefined) {
        const occasion = nextOccasion();
        const publishing = async () => {
          if (answered === undefined) await publish(subject, data);
        };
        await outages.untilDone('an announcement', publishing, signal);
        if (answered === undefined) await occasion;
        if (signal.aborted) throw closedError();
      }
      return answered;
    } finally {
      receipts.delete(id);
    }
  }

  async function publish(subject: string, data: Uint8Array): Promise<void> {
    try {
      await jetStream.publish(subject, data);
    } catch (error) {
      if (!(error instanceof JetStreamApiError && error.code === LIES_THERE)) throw error;
    }
  }

  function nextOccasion(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, retryMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
