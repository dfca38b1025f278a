import { expect, it } from 'vitest';
import { randomStream } from '../../base/random.js';
import { classCounts } from '../class-counts.js';
import { iid } from './iid.js';

it('iid gives equal numbers, and classes as chance mixes them', () => {
  const labels = Uint8Array.from({ length: 10_001 }, (_, index) => index % 10);
  const lists = iid().split(labels, 10, 4, randomStream(1));
  expect(lists.map((list) => list.length)).toEqual([2501, 2500, 2500, 2500]);
  for (const list of lists) {
    for (const count of classCounts(labels, 10, list)) expect(Math.abs(count - 250)).toBeLessThan(60);
  }
});
