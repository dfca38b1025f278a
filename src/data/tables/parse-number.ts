/**
 * Reads a decimal number from bytes, exactly as `Number` reads its text. Up to 15 digits and powers
 * of ten up to 22 are exact in float64, so one division gives the nearest number (Clinger 1990);
 * all else goes through `Number`.
 */

const POWERS = Float64Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);
const [SPACE, TAB, PLUS, MINUS, ZERO] = [0x20, 0x09, 0x2b, 0x2d, 0x30];
const decoder = new TextDecoder();
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** @returns NaN if it is not a number in decimal digits; ±Infinity if it is beyond float64 */
export function parseNumber(bytes: Uint8Array, start: number, end: number, decimal: number): number {
  if (start >= end) return Number.NaN;
  const sign = bytes[start] as number;
  const first = sign === MINUS || sign === PLUS ? start + 1 : start;
  const mark = decimal ^ ZERO;
  let at = first;
  let decimals = 0;
  let hasMark = 0;
  // Whole numbers of nine digits fit in 32 bits, which are faster.
  let whole = 0;
  for (const short = Math.min(end, first + 9); at < short; at++) {
    const digit = (bytes[at] as number) ^ ZERO;
    if (digit <= 9) {
      whole = (Math.imul(whole, 10) + digit) | 0;
      decimals += hasMark;
    } else if (digit === mark && hasMark === 0) hasMark = 1;
    else return parseOther(bytes, start, end, decimal);
  }
  let mantissa = whole;
  for (; at < end; at++) {
    const digit = (bytes[at] as number) ^ ZERO;
    if (digit <= 9) {
      mantissa = 10 * mantissa + digit;
      decimals += hasMark;
    } else if (digit === mark && hasMark === 0) hasMark = 1;
    else return parseOther(bytes, start, end, decimal);
  }
  const digits = end - first - hasMark;
  if (digits === 0 || digits > 15) return parseOther(bytes, start, end, decimal);
  const value = decimals > 0 ? mantissa / (POWERS[decimals] as number) : mantissa;
  return sign === MINUS ? -value : value;
}

/** Numbers with blanks around them, exponents or many digits; and what is no number. */
function parseOther(bytes: Uint8Array, start: number, end: number, decimal: number): number {
  const isBlank = (byte: number | undefined) => byte === SPACE || byte === TAB;
  let at = start;
  let last = end;
  while (at < last && isBlank(bytes[at])) at++;
  while (last > at && isBlank(bytes[last - 1])) last--;
  if (last - at < end - start) return parseNumber(bytes, at, last, decimal);
  const text = decoder.decode(bytes.subarray(at, last));
  return numberOf(decimal === 0x2c ? text.replace(/[.,]/g, swapped) : text);
}

/** A decimal comma becomes a point; a point is then no part of a number. */
const swapped = (mark: string) => (mark === ',' ? '.' : ' ');

/** The number that a text with a decimal point is; NaN if it is none. */
export const numberOf = (text: string): number => (NUMBER.test(text.trim()) ? Number(text) : Number.NaN);
