import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { sha256Hex } from './sha256.js';

const bytesOf = (text: string) => new TextEncoder().encode(text);

afterEach(() => {
  vi.unstubAllGlobals();
});

describe.each([
  ['by Web Crypto', () => {}],
  ['on a page without it', () => vi.stubGlobal('crypto', { getRandomValues: () => {} })],
])('SHA-256 in hexadecimal digits, %s', (_, prepare) => {
  it.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
    ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
  ])('is that of the examples of FIPS 180-4: %.20s', async (text, digest) => {
    prepare();
    expect(await sha256Hex(bytesOf(text))).toBe(digest);
  });

  it('is that of Node, whatever the length, and of a part of a buffer', async () => {
    const all = Uint8Array.from({ length: 5000 }, (_, i) => (i * 2654435761) >>> 13);
    for (const [from, to] of [...Array.from({ length: 130 }, (_, i) => [i, 2 * i]), [7, 4999]]) {
      const bytes = all.subarray(from, to);
      const expected = createHash('sha256').update(bytes).digest('hex');
      prepare();
      expect(await sha256Hex(bytes)).toBe(expected);
      vi.unstubAllGlobals();
    }
  });
});
