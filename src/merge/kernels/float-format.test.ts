import { describe, expect, it } from 'vitest';
import { floatFormat } from './float-format.js';

describe('the format of a dtype', () => {
  it.each([
    ['F64', 0.1, 0.1, Number.MAX_VALUE],
    ['F32', 0.1, Math.fround(0.1), 3.4028234663852886e38],
    ['F16', 0.1, 0.0999755859375, 65504],
    ['BF16', 0.1, 0.10009765625, 3.3895313892515355e38],
  ] as const)('%s stores values rounded and gives them again', (dtype, value, rounded, largest) => {
    const format = floatFormat(dtype)!;
    const chunk = new Uint8Array(64);
    const values = format.room(chunk, 3, 2);
    values.set([value, -largest]);
    expect(format.store(values, chunk, 3)).toBe(-1);
    expect([...format.values(chunk, 2, 4)]).toEqual([0, rounded, -largest, 0]);
  });

  it.each([
    ['F64', Infinity],
    ['F32', 3.4028236e38],
    ['F16', 65520],
    ['BF16', 3.4e38],
  ] as const)('%s says which value it cannot hold', (dtype, large) => {
    const format = floatFormat(dtype)!;
    const chunk = new Uint8Array(16);
    const values = format.room(chunk, 0, 2);
    values.set([1, large]);
    expect(format.store(values, chunk, 0)).toBe(1);
    values.set([Number.NaN, 1]);
    expect(format.store(values, chunk, 0)).toBe(0);
  });

  it.each([
    // Between two 16-bit floats, and so little above the middle that float32 cannot show it.
    ['F16', 1 + 2 ** -11 + 2 ** -26, 1 + 2 ** -10],
    ['F16', -1 - 2 ** -11 + 2 ** -26, -1],
    ['F16', 2 ** -25 * (1 + 2 ** -30), 2 ** -24],
    ['BF16', 1 + 2 ** -8 + 2 ** -26, 1 + 2 ** -7],
    ['BF16', 3 + 2 ** -7 - 2 ** -27, 3],
  ] as const)('%s rounds %d once', (dtype, value, rounded) => {
    const format = floatFormat(dtype)!;
    const chunk = new Uint8Array(2);
    const values = format.room(chunk, 0, 1);
    values.set([value]);
    expect(format.store(values, chunk, 0)).toBe(-1);
    expect([...format.values(chunk, 0, 1)]).toEqual([rounded]);
  });

  it('is none for integers', () => {
    expect(floatFormat('I64')).toBeUndefined();
  });
});
