/** Whether a data set has the columns that a plan expects. */
import { type ColumnSpec, describeColumn } from '../tensor/column-spec.js';
import { sameShape } from '../tensor/shape.js';
import type { Dataset } from './dataset.js';
import { DataError } from './error.js';

/** @throws DataError when the columns of a set are not the expected ones, ignoring their names */
export function requireColumns(
  { name }: Dataset,
  columns: readonly ColumnSpec[],
  expected: readonly ColumnSpec[],
): void {
  const same = (a: ColumnSpec, b: ColumnSpec | undefined) =>
    b !== undefined && a.dtype === b.dtype && sameShape(a.shape, b.shape);
  if (columns.length === expected.length && columns.every((one, at) => same(one, expected[at]))) return;
  const listed = (of: readonly ColumnSpec[]) => of.map(describeColumn).join(', ') || 'nothing';
  throw new DataError(`data: "${name}" has ${listed(columns)}, expected ${listed(expected)}`);
}
