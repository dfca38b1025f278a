import { describe, expect, it } from 'vitest';
import { philox, randomStream } from './random.js';

describe('philox', () => {
  // The known-answer vectors of Random123, philox4x32 with 10 rounds.
  it.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])('gives the published block of %j', (counter, key, expected) => {
    const out = new Uint32Array(4);
    const [c0, c1, c2, c3] = counter as [number, number, number, number];
    const [k0, k1] = key as [number, number];
    philox(out, c0, c1, c2, c3, k0, k1);
    expect([...out]).toEqual(expected);
  });
});

describe('a random stream', () => {
  it('is the same for the same key and another for another key', () => {
    const draw = (...key: (number | string)[]) => Array.from({ length: 4 }, randomStream(...key).uint32);
    expect(draw(1, 'a', 2)).toEqual(draw(1, 'a', 2));
    expect(draw(1, 'a', 2)).not.toEqual(draw(1, 'a', 3));
    expect(draw(1, 2)).not.toEqual(draw(12));
    expect(draw('1')).not.toEqual(draw(1));
  });

  it('has the mean and variance of the normal distribution', () => {
    const stream = randomStream(7, 'normal');
    const values = Array.from({ length: 20_000 }, stream.normal);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.04);
  });

  it('permutes every index exactly once', () => {
    const order = randomStream(3, 'order').permutation(1000);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, index) => index));
    expect(order[0] === 0 && order[1] === 1 && order[2] === 2).toBe(false);
  });
});
