/**
 * The V-environment: each category is cut evenly, so each participant sees all categories.
 * @see Lee 2021, https://doi.org/10.9708/jksci.2021.26.12.069
 */
import { byGroup, type Partitioner } from './partition.js';

/**
 * Numbers of examples differ by at most one between participants, in each category and in total.
 */
export function v(): Partitioner {
  return {
    name: 'v',
    settings: {},
    split(groups, count, participants, stream) {
      const lists = Array.from({ length: participants }, (): number[] => []);
      // The next category continues where the last one ended, so that the first participant does
      // not get every remainder.
      let next = 0;
      for (const members of byGroup(groups, count)) {
        for (const place of stream.permutation(members.length)) {
          lists[next]?.push(members[place] as number);
          next = (next + 1) % participants;
        }
      }
      return lists.map((list) => Uint32Array.from(list));
    },
  };
}
