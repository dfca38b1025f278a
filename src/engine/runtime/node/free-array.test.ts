import { describe, expect, it } from 'vitest';
import { freeArray } from './free-array.js';

describe('freeArray', () => {
  it('gives the memory back before anything is collected', () => {
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 64; i++) {
      const array = new Float32Array(2 ** 20);
      freeArray(array);
      expect(array.length).toBe(0);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 2 ** 20);
  });

  it('leaves memory that threads share', () => {
    const shared = new Float32Array(new SharedArrayBuffer(8));
    freeArray(shared);
    expect(shared.length).toBe(2);
  });
});
