/**
 * One text for one JSON value, so that all who hash a value hash the same bytes: RFC 8785 (JSON
 * Canonicalization Scheme). Names of an object are in the order of their UTF-16 code units, numbers
 * and strings are written as ECMAScript does, and there is no white space. A field that is
 * undefined is left out, as `JSON.stringify` does.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`).join(',')}}`;
}
