/** Two transports for one federation: whoever takes part is reached by one of them, and both say the same. */
import type { CoordinatorEnd } from './transport.js';

/** @param first hears of every assignment before the other; where it is fenced, the other is told nothing */
export function beside(first: CoordinatorEnd, second: CoordinatorEnd): CoordinatorEnd {
  return {
    blobs: first.blobs,
    async publish(assignment) {
      await first.publish(assignment);
      await second.publish(assignment);
    },
    async close() {
      await Promise.all([first.close(), second.close()]);
    },
  };
}
