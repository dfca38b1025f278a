/** Finds the known name that is nearest to a mistyped one. */

/**
 * The known name with the fewest edits, if it is near enough to be worth suggesting. It has a
 * letter in common, and another number is not a mistyped one.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const lower = name.toLowerCase();
  let nearest: string | undefined;
  let fewest = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const edits = editDistance(lower, candidate.toLowerCase());
    const isOther =
      edits === Math.max(name.length, candidate.length) || (isNumber(name) && isNumber(candidate));
    if (edits < fewest && (edits === 0 || !isOther)) {
      fewest = edits;
      nearest = candidate;
    }
  }
  return nearest;
}

const isNumber = (text: string) => /^[-+.\d]+$/.test(text);

/** Levenshtein's distance, row by row. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const above = row;
    row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (above[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (above[j] as number) + 1, (row[j - 1] as number) + 1));
    }
  }
  return row[b.length] as number;
}
