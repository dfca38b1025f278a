import { expect, it } from 'vitest';
import { canCompareIntegers, largestIntegers } from './largest-integers.js';

it.each([
  ['I64', BigInt64Array.of(-1n, 2n ** 60n), BigInt64Array.of(-3n, 2n ** 60n + 1n), [-1n, 2n ** 60n + 1n]],
  ['U64', BigUint64Array.of(2n ** 63n, 0n), BigUint64Array.of(1n, 0n), [2n ** 63n, 0n]],
  ['I32', Int32Array.of(-5, 7), Int32Array.of(-4, 6), [-4, 7]],
  ['U8', Uint8Array.of(200, 1), Uint8Array.of(100, 2), [200, 2]],
] as const)('the largest of %s', (dtype, a, b, expected) => {
  const bytesOf = (values: ArrayBufferView<ArrayBuffer>) => new Uint8Array(values.buffer);
  const output = new Uint8Array(a.byteLength).fill(9);
  largestIntegers(dtype, a.byteLength, [bytesOf(a), bytesOf(b)], output);
  expect([...new (a.constructor as Int32ArrayConstructor)(output.buffer)]).toEqual(expected);
});

it('is not asked of what is no integer', () => {
  expect(['F32', 'BOOL', 'C64', 'F8_E4M3'].map((dtype) => canCompareIntegers(dtype as 'BOOL'))).toEqual(
    new Array(4).fill(false),
  );
});
