import { describe, expect, it } from 'vitest';
import { randomStream } from '../../base/random.js';
import { shards } from './shards.js';

const labels = Uint8Array.from({ length: 1000 }, (_, index) => index % 10);

describe('the shards partition', () => {
  it('shows each of ten participants two classes at most, and equal numbers', () => {
    for (const list of shards().split(labels, 10, 10, randomStream(4))) {
      expect(list.length).toBe(100);
      expect(new Set([...list].map((index) => labels[index])).size).toBeLessThanOrEqual(2);
    }
  });

  it('deals out every example where shards cannot be equal', () => {
    const lists = shards({ shardsPerParticipant: 3 }).split(labels, 10, 7, randomStream(4));
    expect(lists.flatMap((list) => [...list]).sort((a, b) => a - b)).toEqual([...labels.keys()]);
    for (const list of lists) expect(Math.abs(list.length - 1000 / 7)).toBeLessThan(3);
  });

  it('refuses more shards than examples', () => {
    expect(() => shards().split(labels, 10, 501, randomStream(0))).toThrow(
      'partition: shards cuts 1000 examples into 1002 shards, expected at least one example in each shard',
    );
  });
});
