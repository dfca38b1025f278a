import { expect, it } from 'vitest';
import { sha256Hex } from './sha256.js';

it('is SHA-256, in hexadecimal digits (FIPS 180-4, the example "abc")', async () => {
  expect(await sha256Hex(new TextEncoder().encode('abc'))).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});
