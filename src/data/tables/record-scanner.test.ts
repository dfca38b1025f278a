import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseNumber } from './parse-number.js';
import { cellText, scanRecords } from './record-scanner.js';

const encoder = new TextEncoder();

/** The records of a text that comes in pieces of this size. */
function read(text: string, separator: string, piece: number): string[][] {
  const records: string[][] = [];
  const scanner = scanRecords('table', separator.charCodeAt(0), (scanned) => {
    for (let record = 0; record < scanned.count; record++) {
      const first = scanned.firsts[record]!;
      records.push(
        Array.from({ length: scanned.cells[record]! }, (_, cell) => cellText(scanned, first + cell)),
      );
    }
    return undefined;
  });
  const bytes = encoder.encode(text);
  for (let at = 0; at < bytes.length; at += piece) scanner.push(bytes.subarray(at, at + piece));
  scanner.end();
  return records;
}

describe('scanRecords', () => {
  it('reads back every table that is written, in pieces of any size', () => {
    const cell = fc.string({
      unit: fc.constantFrom('a', '7', '"', ',', ';', ' ', '\n', '\r', 'é', '한'),
      maxLength: 6,
    });
    const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(
        ...[table, fc.constantFrom(',', ';', '\t'), fc.constantFrom('\n', '\r\n', '\r')],
        ...[fc.integer({ min: 1, max: 40 }), fc.boolean()],
        (rows, separator, lineEnd, piece, isEnded) => {
          const quoted = (text: string) =>
            /["\r\n]/.test(text) || text.includes(separator) ? `"${text.replaceAll('"', '""')}"` : text;
          const text = rows.map((row) => row.map(quoted).join(separator)).join(lineEnd);
          expect(read(`${text}${isEnded ? lineEnd : ''}`, separator, piece)).toEqual(rows);
        },
      ),
      { numRuns: 300, seed: 1 },
    );
  });

  it('counts lines, also those in quotes, and skips empty ones', () => {
    const lines: number[] = [];
    const scanner = scanRecords('table', 0x2c, (records) => {
      lines.push(...records.lines.subarray(0, records.count));
      return undefined;
    });
    scanner.push(encoder.encode('a,b\n\n"x\ny",1\r\nlast,2'));
    scanner.end();
    expect(lines).toEqual([1, 3, 5]);
  });

  it('says on which line a quote begins that does not end, or is followed by text', () => {
    expect(() => read('a,b\n1,"x\n2,3\n', ',', 4)).toThrow('"table", line 2: a quote begins');
    expect(() => read('a,b\n1,"x"y\n', ',', 100)).toThrow('"table", line 2: text follows the quote');
  });
});

describe('parseNumber', () => {
  const parsed = (text: string, decimal = '.') => {
    const bytes = encoder.encode(text);
    return parseNumber(bytes, 0, bytes.length, decimal.charCodeAt(0));
  };

  it('gives the float64 that Number gives, for every way to write it', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.integer({ min: 0, max: 20 }),
        (x, digits) => {
          for (const text of [String(x), x.toExponential(), x.toPrecision(digits + 1)])
            expect(parsed(text)).toBe(Number(text));
        },
      ),
      { numRuns: 1000, seed: 2 },
    );
  });

  it('reads signs, blanks around it, and a decimal comma', () => {
    expect([' +5 ', '-.5', '5.', '1e3', '0.1', '123456789012345678'].map((text) => parsed(text))).toEqual([
      5, -0.5, 5, 1000, 0.1, 123456789012345680,
    ]);
    expect(parsed('-1,25', ',')).toBe(-1.25);
    expect(parsed('1234567890123456,5', ',')).toBe(1234567890123456.5);
  });

  it('takes nothing else for a number', () => {
    for (const text of ['', ' ', 'x', '1 2', '1,234', '0x10', '--1', '1e', 'Infinity', '.', '1.2.3', '٣'])
      expect(parsed(text), text).toBeNaN();
    expect(parsed('1.234,5', ',')).toBeNaN();
    expect(parsed('1e400')).toBe(Number.POSITIVE_INFINITY);
  });
});
