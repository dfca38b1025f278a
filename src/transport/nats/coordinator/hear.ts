/**
 * Receives announcements, one after the other for each participant. A message is acknowledged, and
 * so removed, after `receive` has resolved. It is answered after the server has confirmed that,
 * which the server does only for the leader. If anything fails before, the message is received
 * again: by redelivery, by the next leader, or because the participant, without a receipt, repeats
 * it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { JsMsg } from '@nats-io/jetstream';
import type { Announcement, Receipt } from '../../../protocol/announcement.js';
import { messageOf } from '../explain.js';
import { announcingSchema, decode, encode, identifiedSchema } from '../messages.js';
import { ANNOUNCEMENT_BYTES, ANNOUNCEMENTS, receiptSubject, subjectOf } from '../names.js';
import { HEARD_AGAIN_MS } from './consumer.js';
import type { NatsLead } from './lead.js';

export interface Hearing {
  readonly lead: NatsLead;
  /** Token → name. */
  readonly participants: ReadonlyMap<string, string>;
  receive(participant: string, announcement: Announcement): Promise<Receipt>;
  /** Called for every message that is refused or fails. */
  warn(token: string, message: string): void;
}

/** The most announcements that wait for their turn; the server keeps the others. */
const AT_ONCE = 100;
const AGAIN_AFTER_MS = 1000;

/** Receives announcements until the lead ends. */
export function hearAnnouncements({ lead, participants, receive, warn }: Hearing): void {
  const { connection, jetStream } = lead.nats;
  const turns = new Map<string, Promise<void>>();
  void (async () => {
    while (!lead.signal.aborted && !connection.isClosed()) {
      try {
        const consumer = await jetStream.consumers.get(ANNOUNCEMENTS, lead.consumer);
        const messages = await consumer.consume({ expires: 4000, max_messages: AT_ONCE });
        const stop = () => messages.stop();
        lead.signal.addEventListener('abort', stop, { once: true });
        try {
          for await (const message of messages) inTurn(message);
        } finally {
          lead.signal.removeEventListener('abort', stop);
        }
      } catch {
        await delay(AGAIN_AFTER_MS, undefined, { signal: lead.signal }).catch(() => undefined);
      }
    }
  })();

  /** Handles the announcements of one participant one after the other. */
  function inTurn(message: JsMsg): void {
    const token = message.subject.split('.')[3] ?? '';
    const turn = (turns.get(token) ?? Promise.resolve()).then(() => hear(message, token));
    turns.set(token, turn);
    void turn.then(() => turns.get(token) === turn && turns.delete(token));
  }

  async function hear(message: JsMsg, token: string): Promise<void> {
    if (lead.signal.aborted) return;
    const working = setInterval(() => message.working(), HEARD_AGAIN_MS / 3);
    try {
      const read = readAnnouncing(message, token);
      if ('refused' in read) {
        warn(token, `an announcement ${read.refused}: refused`);
        message.term();
        if (read.id === undefined) return;
        const receipt = { accepted: false, reason: 'bad-update', message: read.refused } as const;
        answer(token, read.id, receipt);
        return;
      }
      const receipt = await receive(read.name, read.announcement);
      if (lead.signal.aborted) return;
      if (!(await message.ackAck())) return;
      answer(token, read.id, receipt);
    } catch (error) {
      if (lead.signal.aborted) return;
      warn(token, `an announcement is heard once more: ${messageOf(error)}`);
      message.nak(AGAIN_AFTER_MS);
    } finally {
      clearInterval(working);
    }
  }

  function answer(token: string, id: string, receipt: Receipt) {
    connection.publish(receiptSubject(lead.job, token), encode({ id, receipt }));
  }

  type Read =
    | { readonly name: string; readonly id: string; readonly announcement: Announcement }
    | { readonly refused: string; readonly id?: string };

  function readAnnouncing({ data, subject }: JsMsg, token: string): Read {
    const name = participants.get(token);
    if (name === undefined) return { refused: 'comes from nobody who is expected' };
    try {
      const { id, announcement } = decode(announcingSchema, data, ANNOUNCEMENT_BYTES);
      if (subject === subjectOf(lead.job, token, announcement)) return { name, id, announcement };
      return { id, refused: `is of type ${announcement.type}, but came as ${subject}` };
    } catch (error) {
      const refused = messageOf(error).slice(0, 1000);
      try {
        return { refused, id: decode(identifiedSchema, data, 2 * ANNOUNCEMENT_BYTES).id };
      } catch {
        return { refused };
      }
    }
  }
}
