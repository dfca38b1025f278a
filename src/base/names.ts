/**
 * Makes names of categories and participants the same on every machine. Unicode spells many letters
 * in two ways: most keyboards give "é" as one character (NFC), file names on a Mac have two (NFD).
 * So a name is converted to NFC when it is read.
 */

export const canonicalName = (name: string): string => name.normalize('NFC');

/**
 * The name with each character beyond ASCII as an escape, which shows the difference between two
 * spellings that look alike.
 */
export const escapedName = (name: string): string =>
  JSON.stringify(name).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/**
 * The order of names: numbers in them by their value ("1", "2", "10"), all else by UTF-16 code
 * units. Unlike `localeCompare`, it does not depend on the language or the version of ICU: the
 * order of categories is the order of their numbers.
 */
export function compareNames(a: string, b: string): number {
  const others = partsOf(b);
  for (const [place, part] of partsOf(a).entries()) {
    const other = others[place];
    if (other === undefined) return 1;
    const order = isNumber(part) && isNumber(other) ? compareNumbers(part, other) : compareText(part, other);
    if (order !== 0) return order;
  }
  return partsOf(a).length - others.length || compareText(a, b);
}

/** The first name that occurs twice: its first spelling and the repeated one. */
export function repeatedName(
  names: readonly string[],
  keyOf: (name: string) => string = canonicalName,
): { readonly first: string; readonly again: string } | undefined {
  const seen = new Map<string, string>();
  for (const again of names) {
    const first = seen.get(keyOf(again));
    if (first !== undefined) return { first, again };
    seen.set(keyOf(again), again);
  }
  return undefined;
}

/** The form under which file systems that ignore case store the name. */
const foldedName = (name: string): string => canonicalName(canonicalName(name).toUpperCase().toLowerCase());

/** Names that Windows reserves for devices, whatever follows after a dot. */
const DEVICE = /^(con|prn|aux|nul|(com|lpt)[0-9\u00b9\u00b2\u00b3])(\.|$)/i;

/** Letters and digits of any script; a mark belongs to the letter before it. */
const OUTSIDE_NAMES = /[^\p{L}\p{M}\p{N}_.-]/gu;
/** At most three bytes each in UTF-8, so the name of a file has room for them. */
const MOST_CHARACTERS = 64;

/** A participant's name as part of a file's. */
export const fileNameOf = (participant: string): string => participant.replace(OUTSIDE_NAMES, '_');

/**
 * Why a participant cannot have this name; undefined if it can. The name stands in commands, in
 * files of tokens and in names of files, on every system, without quotes.
 */
export function participantNameProblem(name: string): string | undefined {
  if (name === '' || name.length > MOST_CHARACTERS || fileNameOf(name) !== name)
    return `expected 1 to ${MOST_CHARACTERS} letters, digits, "_", "." or "-", without spaces`;
  if (DEVICE.test(name)) return 'expected another name: Windows keeps this one for a device';
  if (name.endsWith('.')) return 'expected a name without a dot at its end, which Windows drops';
  return undefined;
}

/** Two participants whose files would be the same on some system, in words. */
export function participantNamesProblem(names: readonly string[]): string | undefined {
  const repeated = repeatedName(names, foldedName);
  if (repeated === undefined) return undefined;
  const { first, again } = repeated;
  if (first === again) return `has "${first}" twice, expected different names`;
  const [one, other] =
    canonicalName(first) === canonicalName(again)
      ? [escapedName(first), escapedName(again)]
      : [`"${first}"`, `"${again}"`];
  return `has ${one} and ${other}, expected names that differ in more than case or spelling: their files would meet on some systems`;
}

const partsOf = (name: string): string[] => name.match(/[0-9]+|[^0-9]+/g) ?? [];
const isNumber = (part: string): boolean => /^[0-9]/.test(part);

function compareNumbers(a: string, b: string): number {
  const [x, y] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  return x.length - y.length || compareText(x, y);
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
