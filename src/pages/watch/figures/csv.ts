/**
 * Writes numbers as a file that spreadsheets read.
 * @see RFC 4180
 */
import type { Numbers } from './figure-data.js';

/** Numbers in full; an empty cell where there is none. */
export const csv = ({ corner, columns, rows }: Numbers): string =>
  [[corner, ...columns], ...rows.map(({ name, values }) => [name, ...values])]
    .map((row) => `${row.map(cell).join(',')}\r\n`)
    .join('');

const cell = (value: string | number | undefined) => {
  const text = value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
