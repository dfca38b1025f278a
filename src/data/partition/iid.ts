/** Independent and identically distributed: the examples in random order, in equal numbers. */
import type { Partitioner } from './partition.js';

/**
 * Numbers of examples differ by at most one; classes are as even as the random order makes them
 * (`v` makes them even).
 */
export function iid(): Partitioner {
  return {
    name: 'iid',
    settings: {},
    split(labels, _classes, participants, stream) {
      const order = stream.permutation(labels.length);
      return Array.from({ length: participants }, (_, participant) =>
        order.filter((_index, place) => place % participants === participant),
      );
    },
  };
}
