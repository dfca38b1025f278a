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

const expressionOf = (pattern: string) =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((text) => text.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
      .join('.*')}$`,
    'u',
  );
