/**
 * The H-environment: whole categories are dealt out, so each participant sees categories that no
 * other sees.
 * @see Lee 2021, https://doi.org/10.9708/jksci.2021.26.12.069
 */
import { PartitionError } from './error.js';
import { byGroup, type Partitioner } from './partition.js';

/**
 * Contiguous groups of categories, as even as possible, larger groups first: with ten categories,
 * two participants get 0–4 and 5–9, three get 0–3, 4–6 and 7–9. Categories without examples are
 * left out. There is no randomness.
 */
export function h(): Partitioner {
  return {
    name: 'h',
    settings: {},
    split(groups, count, participants) {
      const present = byGroup(groups, count).filter((members) => members.length > 0);
      if (participants > present.length) {
        throw new PartitionError(
          `partition: h deals out whole categories: ${participants} participants, but only ${present.length} categories`,
          { hint: `take at most ${present.length} participants, or another partition such as "dirichlet"` },
        );
      }
      const smaller = Math.floor(present.length / participants);
      const larger = present.length % participants;
      return Array.from({ length: participants }, (_, participant) => {
        const first = participant * smaller + Math.min(participant, larger);
        const group = present.slice(first, first + smaller + (participant < larger ? 1 : 0));
        return Uint32Array.from(group.flatMap((members) => [...members]));
      });
    },
  };
}
