/**
 * Two transports for one federation. A participant is reached by one of them, and both say the
 * same.
 */
import type { Assignment } from '../protocol/assignment.js';
import type { CoordinatorEnd, SigningHandlers } from './transport.js';

/** Participants of the other transport read blobs here. */
export interface BlobsBeside extends CoordinatorEnd {
  /** A participant that hears of this assignment elsewhere may read what it names. */
  offer(assignment: Assignment): void;
}

/**
 * One handlers for each of the two. Who is there by either is there: a participant may leave one
 * for the other.
 */
export function handlersBeside(handlers: SigningHandlers): readonly [SigningHandlers, SigningHandlers] {
  const [first, second] = [new Set<string>(), new Set<string>()];
  const half = (here: Set<string>, there: ReadonlySet<string>): SigningHandlers => ({
    ...handlers,
    onPresence(participant, present) {
      if (present) here.add(participant);
      else here.delete(participant);
      if (!there.has(participant)) handlers.onPresence?.(participant, present);
    },
  });
  return [half(first, second), half(second, first)];
}

/**
 * @param first hears of every assignment before the other; where it is fenced, the other is told
 *   nothing. Participants may hear of it before it is confirmed here, so the other offers what it
 *   names before
 */
export function beside(first: CoordinatorEnd, second: BlobsBeside): CoordinatorEnd {
  return {
    blobs: first.blobs,
    async publish(assignment) {
      second.offer(assignment);
      await first.publish(assignment);
      await second.publish(assignment);
    },
    async close() {
      await Promise.all([first.close(), second.close()]);
    },
  };
}
