import { describe, expect, it } from 'vitest';
import { max } from '../strategies/max.js';
import { mean } from '../strategies/mean.js';
import { chunkMerger } from './chunk-merger.js';

const inputs = [
  { file: { path: 'a' }, examples: 1 },
  { file: { path: 'b' }, examples: 3 },
];
const bytes = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const chunk = {
  name: 'w',
  dtype: 'F32',
  into: 'F32',
  rule: 'strategy',
  at: 400,
  bytes: 8,
  position: 0,
} as const;

describe('a chunk', () => {
  it('is merged from the beginning of each buffer, and no further', () => {
    const output = bytes(0, 0, 9);
    chunkMerger(mean(), inputs, undefined)(chunk, [bytes(1, 2, Number.NaN), bytes(5, 2)], output);
    expect([...new Float32Array(output.buffer)]).toEqual([4, 2, 9]);
  });

  it('is merged as updates of the base, which comes last', () => {
    const output = bytes(0, 0);
    chunkMerger(max(), inputs, { path: 'base' })(chunk, [bytes(1, 2), bytes(5, 1), bytes(3, 3)], output);
    expect([...new Float32Array(output.buffer)]).toEqual([5, 2]);
  });

  it('names the value that is not finite by its index in the tensor, in the base too', () => {
    const merge = chunkMerger(mean(), inputs, { path: 'base' });
    expect(() => merge(chunk, [bytes(1, 2), bytes(5, 1), bytes(3, Infinity)], bytes(0, 0))).toThrow(
      'merge: "w" is Infinity at index 101 in "base"',
    );
  });

  it('of integers is copied, or refused where they differ', () => {
    const integers = { ...chunk, dtype: 'I32', into: 'I32', rule: 'equal' } as const;
    const merge = chunkMerger(mean(), inputs, undefined);
    const output = bytes(0, 0);
    merge(integers, [bytes(1, 2), bytes(1, 2, 3)], output);
    expect([...new Float32Array(output.buffer)]).toEqual([1, 2]);
    expect(() => merge(integers, [bytes(1, 2), bytes(1, 3)], output)).toThrow(
      '"w" is I32 and differs at index 101 between "a" and "b"',
    );
  });
});
