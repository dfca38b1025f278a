/**
 * Patterns of names: "conv1.*", "*.bias", "head.weight". A star stands for any characters, dots
 * included. Every other character stands for itself.
 */

/** Whether one of the patterns matches the name. */
export function matchesAny(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => expressionOf(pattern).test(name));
}

/** The first pattern that matches none of the names; usually a spelling mistake. */
export function idlePattern(patterns: readonly string[], names: readonly string[]): string | undefined {
  return patterns.find((pattern) => !names.some((name) => matchesAny(name, [pattern])));
}

/**
 * The name that is fewest edits away from what the pattern means, where it is near enough to be
 * worth suggesting. What a star stands for costs nothing.
 */
export function nearestToPattern(pattern: string, names: readonly string[]): string | undefined {
  const most = Math.max(1, Math.floor(pattern.length / 3));
  const [nearest] = names
    .map((name) => ({ name, edits: editsFrom(pattern, name) }))
    .filter(({ edits }) => edits <= most)
    .toSorted((a, b) => a.edits - b.edits);
  return nearest?.name;
}

/** Levenshtein's distance, row by row; a row for each character of the pattern. */
function editsFrom(pattern: string, name: string): number {
  let row = Array.from({ length: name.length + 1 }, (_, column) => column);
  for (const character of pattern) {
    const above = row;
    const star = character === '*';
    row = [(above[0] as number) + (star ? 0 : 1)];
    for (let j = 1; j <= name.length; j++) {
      const [left, up, diagonal] = [row[j - 1], above[j], above[j - 1]] as [number, number, number];
      const replaced = diagonal + (character === name[j - 1] ? 0 : 1);
      row.push(star ? Math.min(left, up) : Math.min(replaced, up + 1, left + 1));
    }
  }
  return row[name.length] as number;
}

const expressionOf = (pattern: string) =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((text) => text.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
      .join('.*')}$`,
    'u',
  );
