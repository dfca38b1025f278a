/**
 * Shards: the examples are sorted by category and cut into equal shards, which are dealt out at
 * random. With two shards, most participants see two categories.
 * @see McMahan et al. 2017, https://arxiv.org/abs/1602.05629, section 3
 */
import { PartitionError } from './error.js';
import { byGroup, type Partitioner } from './partition.js';
import { requireWholeNumber } from './settings.js';

export interface ShardsSettings {
  /** 2 by default, as in the paper. */
  readonly shardsPerParticipant?: number | undefined;
}

/** Shards differ by at most one example; every example is dealt out. */
export function shards({ shardsPerParticipant = 2 }: ShardsSettings = {}): Partitioner {
  requireWholeNumber('shards', 'shardsPerParticipant', shardsPerParticipant);
  return {
    name: 'shards',
    settings: { shardsPerParticipant },
    split(groups, groupCount, participants, stream) {
      const count = participants * shardsPerParticipant;
      if (groups.length < count) {
        throw new PartitionError(
          `partition: shards cuts ${groups.length} examples into ${count} shards, expected at least one example in each shard`,
          { hint: 'take fewer participants, fewer shards each, or more data' },
        );
      }
      const sorted = byGroup(groups, groupCount).flatMap((members) => [...members]);
      const cut = (shard: number) => Math.floor((shard * sorted.length) / count);
      const order = [...stream.permutation(count)];
      return Array.from({ length: participants }, (_, participant) => {
        const mine = order.slice(
          participant * shardsPerParticipant,
          (participant + 1) * shardsPerParticipant,
        );
        return Uint32Array.from(mine.flatMap((shard) => sorted.slice(cut(shard), cut(shard + 1))));
      });
    },
  };
}
