import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tokenOf } from './names.js';

describe('the token of a participant', () => {
  it('is its name where that is plain', () => {
    for (const name of ['site-a', 'Site_2', '0', 'x'.repeat(64)]) expect(tokenOf(name)).toBe(name);
  });

  it('is one token that subjects, keys and buckets allow, and another for every other name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii' }), fc.string({ unit: 'binary-ascii' }), (a, b) => {
        expect(tokenOf(a)).toMatch(/^[\w-]{1,64}$/);
        expect(tokenOf(a) === tokenOf(b)).toBe(a === b);
      }),
    );
    expect(tokenOf('cafe\u0301')).toBe(tokenOf('caf\u00e9'));
    // Nor can a name be chosen that looks like another's hash.
    expect(tokenOf(tokenOf('a b'))).not.toBe(tokenOf('a b'));
  });
});
