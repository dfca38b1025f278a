/** A value as an error message shows it: as JSON, its beginning. */
export function excerpt(value: unknown): string {
  const text = written(value) ?? 'missing';
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/**
 * What JSON.parse reads, JSON.stringify may be unable to write: it runs out of stack where lists
 * are deep.
 */
function written(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return 'a list in a list, thousands deep';
  }
}
