/** Independent and identically distributed: the examples in random order, in equal numbers. */
import type { Partitioner } from './partition.js';

/**
 * Numbers of examples differ by at most one; categories are as even as the random order makes them
 * (`v` makes them even).
 */
export function iid(): Partitioner {
  return {
    name: 'iid',
    settings: {},
    split(groups, _count, participants, stream) {
      const order = stream.permutation(groups.length);
      return Array.from({ length: participants }, (_, participant) =>
        Uint32Array.from(
          { length: Math.max(0, Math.ceil((order.length - participant) / participants)) },
          (_, turn) => order[participant + turn * participants] as number,
        ),
      );
    },
  };
}
