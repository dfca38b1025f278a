import { expect, it } from 'vitest';
import { randomStream } from '../../base/random.js';
import { classCounts } from '../class-counts.js';
import { quantitySkew } from './quantity-skew.js';

const labels = Uint8Array.from({ length: 20_000 }, (_, index) => index % 4);

it('quantity skew makes numbers uneven and leaves classes alike', () => {
  const lists = quantitySkew().split(labels, 4, 5, randomStream(1));
  const sizes = lists.map((list) => list.length).sort((a, b) => a - b);
  expect(sizes.at(-1)! / sizes[0]!).toBeGreaterThan(2);
  for (const list of lists.filter((candidate) => candidate.length > 1000)) {
    for (const count of classCounts(labels, 4, list)) expect(count / list.length).toBeCloseTo(0.25, 1);
  }
});

it('quantity skew is nearly even for a large alpha', () => {
  const lists = quantitySkew({ alpha: 1e5 }).split(labels, 4, 5, randomStream(1));
  for (const list of lists) expect(Math.abs(list.length - 4000)).toBeLessThan(100);
});
