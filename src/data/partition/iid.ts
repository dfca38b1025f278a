/**
 * Independent and identically distributed: the examples in random order, dealt out in equal
 * numbers.
 */
import type { Partitioner } from './partition.js';

/**
 * Numbers of examples differ by at most one; classes are as even as chance makes them (compare
 * `v`).
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
