/** A value as an error message shows it: as JSON, its beginning. */
export function excerpt(value: unknown): string {
  const text = written(value) ?? 'missing';
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** JSON.stringify runs out of stack on deeply nested lists that JSON.parse can read. */
function written(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return 'a list in a list, thousands deep';
  }
}
/** `site-a, site-b and 3 more`: writes any number of names in one line. */
export function listed(names: readonly string[], most = 10): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}
