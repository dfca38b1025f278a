import { describe, expect, it } from 'vitest';
import { classCounts } from '../class-counts.js';
import { partition } from './partition.js';
import { v } from './v.js';

describe('the V-environment', () => {
  it('gives each of two environments 27,000 and 3,000 of 60,000 images, evenly over ten classes', () => {
    const labels = Uint8Array.from({ length: 60_000 }, (_, index) => (index * 7) % 10);
    const shares = partition({ groups: labels, count: 10 }, v(), { participants: 2, seed: 1 });
    expect(shares.map((share) => share.name)).toEqual(['environment-1', 'environment-2']);
    for (const { train, validation } of shares) {
      expect([...classCounts(labels, 10, train)]).toEqual(Array(10).fill(2700));
      expect([...classCounts(labels, 10, validation)]).toEqual(Array(10).fill(300));
    }
  });

  it('spreads remainders, so that totals differ by at most one', () => {
    const labels = Uint8Array.from({ length: 40 }, (_, index) => index % 10);
    const shares = partition({ groups: labels, count: 10 }, v(), {
      participants: 3,
      seed: 1,
      validationFraction: 0,
    });
    expect(shares.map((share) => share.train.length)).toEqual([14, 13, 13]);
  });

  it('deals other examples for another seed', () => {
    const labels = Uint8Array.from({ length: 100 }, (_, index) => index % 2);
    const train = (seed: number) =>
      partition({ groups: labels, count: 2 }, v(), { participants: 2, seed })[0]!.train;
    expect(train(1)).toEqual(train(1));
    expect(train(1)).not.toEqual(train(2));
  });
});
