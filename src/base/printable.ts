/**
 * Makes text from others safe to show in a terminal or a log. A control character can colour, move
 * or hide text, or answer for the user. One that turns the direction of writing makes a name look
 * like another.
 */

/**
 * Controls, halves of surrogate pairs, separators of lines, and what is not seen except for what
 * joins letters.
 */
const UNSAFE =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/u;
const EVERY_UNSAFE = new RegExp(UNSAFE, 'gu');
const SPACE = /[\t-\r\u0085\u2028\u2029]/;

export const isPrintable = (text: string): boolean => !UNSAFE.test(text);

/** On one line, and no longer than before: what is unsafe becomes a space, or `�`. */
export const printable = (text: string): string =>
  text.replace(EVERY_UNSAFE, (unsafe) => (SPACE.test(unsafe) ? ' ' : '\ufffd'));

/** The same for text of ours, with its lines and tabs, into which somebody else's may have come. */
export const printableLines = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.split('\t').map(printable).join('\t'))
    .join('\n');
