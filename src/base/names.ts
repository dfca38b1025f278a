/**
 * Names of classes and of participants are the same on every machine. Unicode spells many letters
 * in two ways: most keyboards give "é" as one character (NFC), the file names of a Mac hold two
 * (NFD). So a name is brought to NFC where it comes in.
 */

export const canonicalName = (name: string): string => name.normalize('NFC');

/**
 * With every character beyond ASCII as an escape, so that two spellings that look alike can be told
 * apart.
 */
export const escapedName = (name: string): string =>
  JSON.stringify(name).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/**
 * The order of names: numbers in them by their value ("1", "2", "10"), all else by UTF-16 code
 * units. It depends on no language and no version of ICU, as `localeCompare` does, for the order of
 * classes is the order of their labels.
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

/**
 * The first name that comes twice, for a sentence about both: as it came first, and as it came
 * again.
 */
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

/** What file systems that do not tell cases apart take the name for. */
const foldedName = (name: string): string => canonicalName(canonicalName(name).toUpperCase().toLowerCase());

/** Names that Windows keeps for devices, whatever follows after a dot. */
const DEVICE = /^(con|prn|aux|nul|(com|lpt)[0-9\u00b9\u00b2\u00b3])(\.|$)/i;

/** Why no file on another system could carry the participant's name; undefined where one can. */
export function participantNameProblem(name: string): string | undefined {
  if (DEVICE.test(name)) return 'expected another name: Windows keeps this one for a device';
  if (/[. ]$/.test(name)) return 'expected a name without a dot or a space at its end, which Windows drops';
  return undefined;
}

/** Two of these participants whose files would be the same ones on some system, in words. */
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
