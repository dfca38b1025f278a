import { describe, expect, it } from 'vitest';
import { randomStream } from '../../base/random.js';
import { MergeError } from '../error.js';
import { rowStart } from './cholesky.js';
import { addSums, emptySums, type FeatureSums, packSums, ridgeSolution, unpackSums } from './feature-sums.js';

const [features, classes] = [6, 3];

interface Example {
  readonly phi: readonly number[];
  readonly label: number;
}

const random = randomStream(5, 'features');
const examples: Example[] = Array.from({ length: 40 }, () => ({
  phi: [...Array.from({ length: features - 1 }, () => random.normal()), 1],
  label: random.integer(classes),
}));

function sumsOf(part: readonly Example[]): FeatureSums {
  const sums = emptySums(features, classes);
  for (const { phi, label } of part) {
    phi.forEach((x, i) => {
      for (let j = 0; j <= i; j++) sums.gram[rowStart(i) + j]! += x * phi[j]!;
      sums.targets[i * classes + label]! += x;
    });
  }
  return sums;
}

/** The largest magnitude in (A + λI)·w − b, which is 0 for the solution. */
function residual({ gram, targets }: FeatureSums, solution: Float64Array, lambda: number): number {
  const a = (i: number, j: number) =>
    gram[rowStart(Math.max(i, j)) + Math.min(i, j)]! + (i === j ? lambda : 0);
  let largest = 0;
  for (let label = 0; label < classes; label++) {
    for (let i = 0; i < features; i++) {
      let sum = -targets[i * classes + label]!;
      for (let j = 0; j < features; j++) sum += a(i, j) * solution[label * features + j]!;
      largest = Math.max(largest, Math.abs(sum));
    }
  }
  return largest;
}

describe('the last layer from sums', () => {
  it.each([1e-3, 1, 100])('solves the normal equations with lambda %d', (lambda) => {
    const sums = sumsOf(examples);
    expect(residual(sums, ridgeSolution(sums, features, lambda), lambda)).toBeLessThan(1e-11);
  });

  it('is the pooled one to rounding, however the examples are dealt out, each class to one participant too', () => {
    const pooled = ridgeSolution(sumsOf(examples), features, 0.1);
    const byClass = [0, 1, 2].map((label) => examples.filter((example) => example.label === label));
    for (const parts of [[examples.slice(0, 7), examples.slice(7)], byClass]) {
      const total = emptySums(features, classes);
      for (const part of parts) addSums(total, sumsOf(part));
      ridgeSolution(total, features, 0.1).forEach((w, i) => {
        expect(w).toBeCloseTo(pooled[i]!, 12);
      });
    }
  });

  it('leaves the sums as they are', () => {
    const sums = sumsOf(examples);
    ridgeSolution(sums, features, 1);
    expect(sums).toEqual(sumsOf(examples));
  });

  it('refuses sums that are none, and says what to do', () => {
    const sums = emptySums(2, 1);
    sums.gram.set([1, 2, 1]);
    expect(() => ridgeSolution(sums, 2, 0.01)).toThrow(MergeError);
    expect(() => ridgeSolution(sums, 2, 0.01)).toThrow(
      "merge: the features' sums have no least-squares solution with lambda 0.01",
    );
    expect(ridgeSolution(sums, 2, 2)).toHaveLength(2);
  });

  it('travels as pairs of float32 that hold 48 bits', () => {
    const sums = sumsOf(examples);
    const again = unpackSums(packSums(sums));
    for (const name of ['gram', 'targets'] as const) {
      expect(again[name]).toHaveLength(sums[name].length);
      sums[name].forEach((value, i) => {
        expect(Math.abs(again[name][i]! - value)).toBeLessThanOrEqual(Math.abs(value) * 2 ** -47);
      });
    }
  });
});
