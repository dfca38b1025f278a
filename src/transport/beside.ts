/**
 * Joins two transports for one federation. A participant uses one of them, and both publish the
 * same.
 */
import type { Assignment } from '../protocol/assignment.js';
import type { CoordinatorEnd, SigningHandlers } from './transport.js';

/** A transport from which participants of the other transport read blobs. */
export interface BlobsBeside extends CoordinatorEnd {
  /** Lets a participant that hears of this assignment elsewhere read the blobs that it names. */
  offer(assignment: Assignment): void;
}

/**
 * The handlers for each of the two. A participant is there if it is there by either: it may leave
 * one for the other.
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
 * @param first publishes every assignment before the other. If it is fenced, the other publishes
 *   nothing. Its participants may hear of an assignment before it is confirmed here, so the other
 *   offers the blobs first.
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
