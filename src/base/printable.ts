/**
 * Makes text from others safe to show in a terminal or a log. A control character can colour, move
 * or hide text, or answer for the user. A character that reverses the direction of writing can make
 * a name look like another.
 */

/**
 * Control characters, halves of surrogate pairs, line separators, and invisible characters except
 * those that join letters.
 */
const UNSAFE =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/u;
const EVERY_UNSAFE = new RegExp(UNSAFE, 'gu');
const SPACE = /[\t-\r\u0085\u2028\u2029]/;

export const isPrintable = (text: string): boolean => !UNSAFE.test(text);

/** On one line, and no longer than before: an unsafe character becomes a space, or `�`. */
export const printable = (text: string): string =>
  text.replace(EVERY_UNSAFE, (unsafe) => (SPACE.test(unsafe) ? ' ' : '\ufffd'));

/** The same for our own text, with its lines and tabs, which may contain text from others. */
export const printableLines = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.split('\t').map(printable).join('\t'))
    .join('\n');
