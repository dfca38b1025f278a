import { describe, expect, it } from 'vitest';
import { expectToFree, freeArray } from './free-array.js';

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

describe.runIf(process.platform === 'linux')('expectToFree', () => {
  it('has the memory of a step used again by the next, without mapping it anew', () => {
    const bytes = 2 ** 24;
    expectToFree(bytes);
    const step = () => {
      const arrays = Array.from({ length: 4 }, () => new Float32Array(bytes / 16).fill(1));
      arrays.forEach(freeArray);
    };
    for (let i = 0; i < 3; i++) step();
    const before = process.resourceUsage().minorPageFault;
    const steps = 20;
    for (let i = 0; i < steps; i++) step();
    const pages = bytes / 4096;
    expect((process.resourceUsage().minorPageFault - before) / steps).toBeLessThan(pages / 4);
  });
});
