import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../base/random.js';
import { apportion, dirichletSample, logGammaSample } from './dirichlet-sample.js';

describe('a gamma variate', () => {
  it.each([0.1, 0.5, 1, 2.5, 30])('has the mean and the variance of its shape %d', (shape) => {
    const stream = randomStream(11, 'gamma');
    const values = Array.from({ length: 40_000 }, () => Math.exp(logGammaSample(shape, stream)));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(Math.abs(mean / shape - 1)).toBeLessThan(0.06);
    expect(Math.abs(variance / shape - 1)).toBeLessThan(0.12);
  });
});

describe('a draw from the Dirichlet distribution', () => {
  it('sums to one, for any alpha', () => {
    const alphas = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), alphas, fc.nat(), (length, alpha, seed) => {
        const draw = dirichletSample(length, alpha, randomStream(seed));
        expect(draw.reduce((sum, part) => sum + part, 0)).toBeCloseTo(1, 10);
        expect(Math.min(...draw)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('has the variance of a beta distribution in each part', () => {
    const stream = randomStream(5);
    const parts = Array.from({ length: 20_000 }, () => dirichletSample(4, 0.5, stream)[0]!);
    const variance = parts.reduce((sum, part) => sum + (part - 0.25) ** 2, 0) / parts.length;
    expect(variance).toBeCloseTo((0.25 * 0.75) / (4 * 0.5 + 1), 2);
  });
});

it('whole numbers by proportion sum to the total', () => {
  fc.assert(
    fc.property(fc.nat(10_000), fc.array(fc.nat(100), { minLength: 1, maxLength: 9 }), (total, raw) => {
      const sum = raw.reduce((a, b) => a + b, 0) || 1;
      const counts = apportion(
        total,
        raw.map((part) => part / sum),
      );
      expect(counts.reduce((a, b) => a + b, 0)).toBe(total);
      expect(Math.min(...counts)).toBeGreaterThanOrEqual(0);
    }),
  );
});
