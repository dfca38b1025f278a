/** Lays out plain text in columns. */

/**
 * One line for each row. Every column is as wide as its widest cell, and aligned right unless it is
 * named in `left`.
 */
export function textTable(rows: readonly (readonly string[])[], left: readonly number[] = [0]): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    widths
      .map((width, column) => {
        const cell = row[column] ?? '';
        return left.includes(column) ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd(),
  );
}

export const widthOf = (lines: readonly string[]) => Math.max(0, ...lines.map((line) => line.length));

/**
 * Breaks text into lines of at most `width` characters. Every line but the first is indented by
 * `indent` spaces.
 */
export function wrapped(text: string, width: number, indent = 0): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = ' '.repeat(indent) + word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}
