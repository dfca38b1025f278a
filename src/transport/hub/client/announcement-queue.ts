/**
 * The announcements of a participant that have no receipt yet. They are sent one after the other,
 * in the order in which they were made. The first is repeated on every new connection.
 */
import type { z } from 'zod';
import { type Announcement, announcementSchema, type Receipt } from '../../../protocol/announcement.js';
import type { ParticipantFrame } from '../../../protocol/frames.js';
import { TransportError } from '../../error.js';

export interface AnnouncementQueue {
  /**
   * Resolves with the receipt. @throws TransportError when no hub would accept it, or `end` was
   * called
   */
  add(announcement: Announcement): Promise<Receipt>;
  /** Sends the first announcement without a receipt, if there is one. */
  sayFirst(): void;
  /** Takes the receipt of the last announcement that was sent; any other is ignored. */
  receive(id: number, receipt: Receipt): void;
  end(error: TransportError): void;
}

interface Announcing {
  readonly id: number;
  readonly announcement: Announcement;
  resolve(receipt: Receipt): void;
  reject(error: unknown): void;
}

export function announcementQueue(say: (frame: ParticipantFrame) => void): AnnouncementQueue {
  const waiting: Announcing[] = [];
  let nextId = 0;
  let ended: TransportError | undefined;

  function sayFirst(): void {
    const [first] = waiting;
    if (first !== undefined) say({ type: 'announcement', id: first.id, announcement: first.announcement });
  }

  return {
    sayFirst,
    add(announcement) {
      const checked = announcementSchema.safeParse(announcement);
      if (!checked.success) return Promise.reject(new TransportError(complaint(announcement, checked.error)));
      if (ended !== undefined) return Promise.reject(ended);
      return new Promise((resolve, reject) => {
        waiting.push({ id: nextId++, announcement: checked.data, resolve, reject });
        if (waiting.length === 1) sayFirst();
      });
    },
    receive(id, receipt) {
      if (waiting[0]?.id !== id) return;
      waiting.shift()?.resolve(receipt);
      sayFirst();
    },
    end(error) {
      ended = error;
      for (const each of waiting.splice(0)) each.reject(error);
    },
  };
}

const complaint = ({ type }: Announcement, error: z.ZodError) =>
  `transport: an announcement of type "${type}" cannot be made: ${error.issues[0]?.path.join('.')}: ${error.issues[0]?.message}`;
