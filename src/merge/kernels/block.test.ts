import { describe, expect, it } from 'vitest';
import { mean } from '../strategies/mean.js';
import { combineBlock, firstBeyond, firstNotFinite } from './block.js';

describe('a block', () => {
  it('knows its first value that is not finite, wherever it lies', () => {
    for (let length = 0; length < 10; length++) {
      const values = new Float32Array(length).fill(-3.4e38);
      expect(firstNotFinite(values)).toBe(-1);
      for (let at = length - 1; at >= 0; at--) {
        values[at] = [Number.NaN, Infinity, -Infinity][at % 3]!;
        expect(firstNotFinite(values)).toBe(at);
        expect(firstNotFinite(Float64Array.from(values))).toBe(at);
      }
    }
  });

  it('knows its first value beyond a limit', () => {
    expect(firstBeyond(Float32Array.of(1, -65519, 3), 65520)).toBe(-1);
    expect(firstBeyond(Float32Array.of(1, 2, -65520, Number.NaN), 65520)).toBe(2);
  });

  it('is merged as differences from the base, which is added again, and changes no column', () => {
    const columns = [Float32Array.of(3, 1e-30), Float32Array.of(7, 1e-30)];
    const out = new Float32Array(2);
    combineBlock(mean(), out, columns, [1, 1], Float32Array.of(100, 1e-20), {
      tensor: 'w',
      at: 0,
      auxiliaries: {},
    });
    expect([...out]).toEqual([5, Math.fround(1e-30)]);
    expect([...columns[0]!, ...columns[1]!]).toEqual([3, 1e-30, 7, 1e-30].map(Math.fround));
  });
});
