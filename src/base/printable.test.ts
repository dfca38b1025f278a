import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isPrintable, printable, printableLines } from './printable.js';

it('takes out what a terminal would obey, and leaves every script as it is', () => {
  expect(printable('\u001b[2Jgone\r\nsite-a: all is well\u0007')).toBe('�[2Jgone  site-a: all is well�');
  expect(printable('\u009b31m\u202egnp.exe\u2028x\ud800')).toBe('�31m�gnp.exe x�');
  for (const text of ['Universitätsklinikum Köln, 3', '東京', 'क्‍ष', '👩‍🔬']) {
    expect(printable(text)).toBe(text);
    expect(isPrintable(text)).toBe(true);
  }
  expect(isPrintable('a\nb')).toBe(false);
});

it('keeps the lines and tabs of text of ours', () => {
  expect(printableLines('a\tb\n\u001b[1mc\rd')).toBe('a\tb\n�[1mc d');
});

it('makes any text printable and no longer, and changes it no second time', () => {
  const text = fc
    .array(fc.oneof(fc.nat(0xff), fc.nat(0xffff), fc.nat(0x10ffff)))
    .map((codes) => String.fromCodePoint(...codes));
  fc.assert(
    fc.property(text, (text) => {
      const once = printable(text);
      expect(isPrintable(once)).toBe(true);
      expect(once.length).toBeLessThanOrEqual(text.length);
      expect(printable(once)).toBe(once);
    }),
    { seed: 1, numRuns: 5000 },
  );
});
