/**
 * Reads a decimal number from bytes, exactly as `Number` reads its text. Up to 15 digits and powers
 * of ten up to 22 are exact in float64, so one division gives the nearest number (Clinger 1990);
 * all else goes through `Number`.
 */

const POWERS = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);
const [SPACE, TAB, PLUS, MINUS, ZERO, NINE] = [0x20, 0x09, 0x2b, 0x2d, 0x30, 0x39];
const decoder = new TextDecoder();
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** @returns NaN if it is not a number in decimal digits; ±Infinity if it is beyond float64 */
export function parseNumber(bytes: Uint8Array, start: number, end: number, decimal: number): number {
  let at = start;
  let last = end;
  while (at < last && (bytes[at] === SPACE || bytes[at] === TAB)) at++;
  while (last > at && (bytes[last - 1] === SPACE || bytes[last - 1] === TAB)) last--;
  const first = at;
  const sign = bytes[at];
  if (sign === MINUS || sign === PLUS) at++;
  let digits = 0;
  let decimals = -1;
  let mantissa = 0;
  for (; at < last; at++) {
    const byte = bytes[at] as number;
    if (byte >= ZERO && byte <= NINE) {
      mantissa = 10 * mantissa + (byte - ZERO);
      digits++;
      if (decimals >= 0) decimals++;
    } else if (byte === decimal && decimals < 0) decimals = 0;
    else break;
  }
  if (at < last || digits === 0 || digits > 15) {
    const text = decoder.decode(bytes.subarray(first, last));
    return numberOf(decimal === 0x2c ? text.replace(/[.,]/g, swapped) : text);
  }
  const value = decimals > 0 ? mantissa / (POWERS[decimals] as number) : mantissa;
  return sign === MINUS ? -value : value;
}

/** A decimal comma becomes a point; a point is then no part of a number. */
const swapped = (mark: string) => (mark === ',' ? '.' : ' ');

/** The number that a text with a decimal point is; NaN if it is none. */
export const numberOf = (text: string): number => (NUMBER.test(text.trim()) ? Number(text) : Number.NaN);
