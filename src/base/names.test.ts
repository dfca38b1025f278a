import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalName,
  compareNames,
  escapedName,
  fileNameOf,
  participantNameProblem,
  participantNamesProblem,
  repeatedName,
} from './names.js';

const cafe = { nfc: 'caf\u00e9', nfd: 'cafe\u0301' };

describe('a name', () => {
  it('is the same in both spellings of Unicode', () => {
    expect(cafe.nfc).not.toBe(cafe.nfd);
    expect(canonicalName(cafe.nfd)).toBe(cafe.nfc);
    expect(canonicalName('카페'.normalize('NFD'))).toBe('카페');
    expect(repeatedName(['a', cafe.nfc, cafe.nfd])).toEqual({ first: cafe.nfc, again: cafe.nfd });
    expect(repeatedName(['a', 'A'])).toBeUndefined();
    expect([escapedName(cafe.nfc), escapedName(cafe.nfd)]).toEqual(['"caf\\u00e9"', '"cafe\\u0301"']);
  });
});

describe('the order of names', () => {
  it('takes numbers by their value, alone and within a name', () => {
    const inOrder = ['1', '2', '10', '100', 'a', 'class 2', 'class 10', 'class 10 b', 'class b', 'é'];
    expect([...inOrder].reverse().sort(compareNames)).toEqual(inOrder);
    expect(['2', '02', '1'].sort(compareNames)).toEqual(['1', '02', '2']);
    // Beyond the numbers that JavaScript holds exactly.
    expect(['9007199254740993', '9007199254740992'].sort(compareNames)[0]).toBe('9007199254740992');
  });

  it('is that of UTF-16 code units where there are no numbers', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'B', ' ', '\u0301', 'é', '카', '😀') });
    fc.assert(
      fc.property(letters, letters, (a, b) => {
        expect(Math.sign(compareNames(a, b))).toBe(a < b ? -1 : a > b ? 1 : 0);
      }),
    );
  });

  it('is an order', () => {
    const name = fc.string({ unit: fc.constantFrom('0', '1', '9', 'a', 'b', '!', ' ') });
    fc.assert(
      fc.property(name, name, name, (a, b, c) => {
        expect(Math.sign(compareNames(a, b))).toBe(-Math.sign(compareNames(b, a)) + 0);
        expect(compareNames(a, b) === 0).toBe(a === b);
        if (compareNames(a, b) <= 0 && compareNames(b, c) <= 0)
          expect(compareNames(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });
});

describe('the name of a participant', () => {
  it('is not one that Windows keeps, or would change', () => {
    for (const name of ['con', 'AUX', 'nul.txt', 'com1', 'LPT9', 'prn', '..', 'site.', 'site '])
      expect(participantNameProblem(name), name).toMatch(/^expected/);
    for (const name of ['console', 'site-con', 'com', 'com10', 'a.con', '.hidden'])
      expect(participantNameProblem(name), name).toBeUndefined();
  });

  it('is letters and digits of any script, which it keeps as part of a file name', () => {
    for (const name of ['서울', cafe.nfc, cafe.nfd, 'नई-दिल्ली', 'Zürich_1.b', '北京', '１']) {
      expect(participantNameProblem(name), name).toBeUndefined();
      expect(fileNameOf(name)).toBe(name);
    }
    for (const name of ['', 'a b', 'a/b', '$a', '😀', 'a\u200db', 'x'.repeat(65)])
      expect(participantNameProblem(name), name).toMatch(/^expected 1 to 64 letters, digits/);
    expect(fileNameOf('../서울')).toBe('.._서울');
  });

  it('differs from the others in more than case or spelling', () => {
    expect(participantNamesProblem(['site-a', 'site-b'])).toBeUndefined();
    expect(participantNamesProblem(['a', 'a'])).toBe('has "a" twice, expected different names');
    expect(participantNamesProblem(['Site-a', 'x', 'site-A'])).toMatch(
      /^has "Site-a" and "site-A", expected/,
    );
    expect(participantNamesProblem([cafe.nfc, cafe.nfd])).toMatch(
      /^has "caf\\u00e9" and "cafe\\u0301", expected/,
    );
  });
});
