/** Collects the values of a column, in shared memory if the platform allows it. */
import { type ColumnValues, emptyValues } from './dataset.js';
import type { ValuesKind, ValuesWriter } from './paged-values.js';

/** @param length the most numbers that are appended */
export function heldWriter(kind: ValuesKind, length: number): ValuesWriter<ColumnValues> {
  const isShared = typeof SharedArrayBuffer !== 'undefined';
  const values = emptyValues({ name: kind, dtype: kind, shape: [] }, length, isShared);
  let written = 0;
  return {
    append(more) {
      values.set(more, written);
      written += more.length;
    },
    finish: () => values.subarray(0, written),
    discard() {},
  };
}
