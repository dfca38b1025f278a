import { describe, expect, it } from 'vitest';
import { randomStream } from '../../base/random.js';
import { classCounts } from '../class-counts.js';
import { dirichlet } from './dirichlet.js';

const labels = Uint8Array.from({ length: 6000 }, (_, index) => index % 10);

/** The mean over participants of the share of the largest class. */
function skew(alpha: number): number {
  const lists = dirichlet({ alpha }).split(labels, 10, 6, randomStream(2));
  return lists.reduce((sum, list) => sum + Math.max(...classCounts(labels, 10, list)) / list.length, 0) / 6;
}

describe('the Dirichlet partition', () => {
  it('is the more uneven, the smaller alpha is', () => {
    expect(skew(0.05)).toBeGreaterThan(0.5);
    expect(skew(1)).toBeGreaterThan(skew(1000));
    expect(skew(1000)).toBeLessThan(0.13);
  });

  it('draws again until nobody has fewer than the minimum', () => {
    const settings = { alpha: 0.1, minimumExamples: 200 };
    for (let seed = 0; seed < 20; seed++) {
      const lists = dirichlet(settings).split(labels, 10, 6, randomStream(seed));
      expect(Math.min(...lists.map((list) => list.length))).toBeGreaterThanOrEqual(200);
    }
  });

  it('gives up with the settings to change', () => {
    expect(() => dirichlet({ alpha: 0.001 }).split(labels, 10, 40, randomStream(0))).toThrow(
      expect.objectContaining({
        message:
          'partition: in 1000 draws dirichlet with alpha 0.001 never gave each of 40 participants 2 examples, at best 0',
        hint: expect.stringContaining('raise alpha'),
      }),
    );
  });
});
