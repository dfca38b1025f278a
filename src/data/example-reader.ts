/**
 * Reads the examples of a column one by one, in about the order in which they lie. Of paged values,
 * a block is read at once.
 */
import { sizeOf } from '../tensor/shape.js';
import type { Column, ColumnValues } from './dataset.js';
import { isPaged } from './paged-values.js';

/** Where the values of an example lie. It is the same object for each. */
interface HeldPlace {
  values: ColumnValues;
  /** Of the first. */
  at: number;
}

/** Few enough that little is read for nothing where only some examples are asked for. */
const BLOCK_BYTES = 2 ** 16;

export function exampleReader({ values, shape }: Column): (index: number) => Readonly<HeldPlace> {
  const size = sizeOf(shape);
  if (!isPaged(values)) {
    const place: HeldPlace = { values, at: 0 };
    return (index) => {
      place.at = index * size;
      return place;
    };
  }
  const { length } = values;
  const each = size * Math.max(1, Math.floor(BLOCK_BYTES / (size * values.BYTES_PER_ELEMENT)));
  const place: HeldPlace = { values: values.slice(0, 0), at: 0 };
  let start = 0;
  return (index) => {
    const first = index * size;
    if (first < start || first + size > start + place.values.length) {
      start = first;
      place.values = values.slice(first, Math.min(first + each, length));
    }
    place.at = first - start;
    return place;
  };
}
