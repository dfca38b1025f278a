import { describe, expect, it } from 'vitest';
import * as g from '../graph/build.js';
import { batchParts } from './batch-parts.js';

const MIB = 2 ** 20 / 4;

/** A product of an example with a matrix, used so often, and an array of this size made of it. */
function lossOf({ weights, uses = 1, array }: { weights: number; uses?: number; array: number }) {
  const side = Math.round(Math.sqrt(weights));
  const x = g.input('x', [1, side]);
  const matrix = g.input('matrix', [side, side]);
  const products = Array.from({ length: uses }, (_, at) => g.reduceSum(g.matmul(g.add(x, at), matrix)));
  const spread = g.expand(g.reduceSum(x, [1], true), [1, array]);
  const loss = products.reduce((sum, product) => g.add(sum, product), g.reduceSum(g.tanh(spread)));
  return { loss, columns: [x] };
}

const partsOf = (of: Parameters<typeof lossOf>[0], size = 32, partBytes?: number) => {
  const { loss, columns } = lossOf(of);
  return batchParts(loss, columns, { size, partBytes });
};

describe('a batch', () => {
  it('is cut until its arrays fit the cache, where weights are few', () => {
    expect(partsOf({ weights: 10, array: MIB / 64 })).toBe(1);
    expect(partsOf({ weights: 10, array: MIB / 2 })).toBe(8);
    expect(partsOf({ weights: 10, array: MIB / 2 }, 32, 2 ** 21)).toBe(8);
    expect(partsOf({ weights: 10, array: MIB / 2 }, 32, 2 ** 24)).toBe(1);
    expect(partsOf({ weights: 10, array: MIB / 2 }, 30)).toBe(6);
  });

  it('stays whole where the weights, read for each part, outweigh its arrays', () => {
    expect(partsOf({ weights: 20 * MIB, array: MIB / 2 })).toBe(1);
    expect(partsOf({ weights: MIB, array: MIB / 2 })).toBe(1);
    expect(partsOf({ weights: MIB / 4, array: MIB / 2 })).toBe(8);
    expect(partsOf({ weights: MIB / 4, uses: 100, array: MIB / 2 })).toBe(1);
  });

  it('is cut whatever its weights, where an array would be 10 times as large as the cache', () => {
    expect(partsOf({ weights: 20 * MIB, array: 4 * MIB })).toBe(8);
    expect(partsOf({ weights: 20 * MIB, array: 100 * MIB })).toBe(32);
  });
});
