import { expect, it } from 'vitest';
import { randomStream } from '../../base/random.js';
import type { ValueColumn } from '../strategy.js';
import { weightedMedian } from './weighted-median.js';

/** By its definition, place by place. */
function expected(columns: readonly ValueColumn[], weights: readonly number[], place: number): number {
  const order = columns
    .map((column, k) => [column[place] as number, weights[k] as number] as const)
    .sort(([a], [b]) => a - b);
  const half = weights.reduce((sum, weight) => sum + weight, 0) / 2;
  let upTo = 0;
  const at = order.findIndex(([, weight]) => {
    upTo += weight;
    return upTo >= half;
  });
  const [value, next] = [order[at]![0], order[at + 1]?.[0]];
  return upTo === half && next !== undefined ? (value + next) / 2 : value;
}

/** Ties, both signs of zero, the largest and the smallest, and ordinary values. */
function draw(label: string, n: number): Float32Array {
  const stream = randomStream('median', label);
  const special = [0, -0, 1, -1, 3.4028234663852886e38, -3.4028234663852886e38, 1e-45];
  return Float32Array.from({ length: n }, () =>
    stream.uniform() < 0.4 ? special[stream.integer(special.length)]! : stream.normal(),
  );
}

it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 16, 17, 31, 50])(
  'of %i columns is that of its definition in every place, with equal weights and with others',
  (count) => {
    for (const n of [1, 2, 1023, 1024, 2051]) {
      const columns = Array.from({ length: count }, (_, k) => draw(`${count} ${n} ${k}`, n));
      for (const weights of [
        columns.map(() => 7),
        columns.map((_, k) => k + 1),
        columns.map((_, k) => (k === 0 ? 100 : 1)),
        columns.map((_, k) => (k % 2 === 0 ? 2 : 1)),
      ]) {
        for (const given of [columns, columns.map((column) => Float64Array.from(column, (x) => x / 3))]) {
          const out = new Float64Array(n);
          weightedMedian(out, given, weights);
          for (let i = 0; i < n; i++) {
            // Either sign of zero.
            if (out[i] !== expected(given, weights, i))
              expect([i, out[i]]).toEqual([i, expected(given, weights, i)]);
          }
        }
      }
    }
  },
);
