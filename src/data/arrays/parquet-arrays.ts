/**
 * The columns of a Parquet file as arrays: a row is an example, and lists of one length, or lists
 * of such lists, are its axes. One group of rows is read after the other.
 */
import type { SchemaElement } from 'hyparquet';
import { type Shape, sizeOf } from '../../tensor/shape.js';
import type { ColumnValues } from '../dataset.js';
import { DataError } from '../error.js';
import { KINDS } from '../paged-values.js';
import { type ByteSource, openParquet, type ParquetFile } from '../parquet/parquet-file.js';
import type { ByteFile } from './byte-range.js';
import {
  type ArrayInFile,
  beyondInt32,
  type FoundArrays,
  foundArrays,
  kindOf,
  type NumberType,
} from './stored-array.js';

/** @throws DataError when it is no Parquet file */
export async function arraysInParquet(file: ByteFile): Promise<FoundArrays> {
  const parquet = await openParquet(file.path, byteSource(file));
  return foundArrays(
    file.path,
    parquet.names.map((name) => [name, () => arrayOf(parquet, file.path, name)] as const),
  );
}

const byteSource = (file: ByteFile): ByteSource => ({
  byteLength: file.size,
  async slice(start, end = file.size) {
    const { buffer, byteOffset, byteLength } = await file.read(start, Math.max(0, end - start));
    return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
  },
});

async function arrayOf(parquet: ParquetFile, path: string, name: string): Promise<ArrayInFile> {
  const what = `"${name}" in "${path}"`;
  const lists = parquet.listsOf(name);
  const type = lists && numberType(lists.value);
  if (lists === undefined || type === undefined) {
    throw new DataError(
      `data: ${what} holds ${lists ? kindText(lists.value) : 'structures'}, expected numbers, or lists of numbers`,
      {
        hint: 'number categories from 0',
      },
    );
  }
  const [first] = parquet.groups;
  const rows = parquet.groups.at(-1)?.rowEnd ?? 0;
  const row = first && (await parquet.values(name, first))[0];
  const shape = first === undefined ? [] : shapeOf(row, lists.depth, `row 1 of ${what}`);
  async function* numbers(): AsyncGenerator<ColumnValues> {
    for (const group of parquet.groups) {
      const values = await parquet.values(name, group);
      yield numbersOf(
        values,
        type as NumberType,
        shape,
        (row) => `row ${group.rowStart + row + 1} of ${what}`,
      );
    }
  }
  return { name, what, type, littleEndian: true, fortran: false, shape: [rows, ...shape], numbers };
}

/** The lengths of lists, by the first of each. */
function shapeOf(item: unknown, depth: number, which: string): Shape {
  if (depth === 0) return [];
  if (!isList(item)) throw missing(which, 'a list');
  const [first] = Array.from(item);
  return item.length === 0
    ? [0, ...new Array<number>(depth - 1).fill(0)]
    : [item.length, ...shapeOf(first, depth - 1, which)];
}

const isList = (item: unknown): item is ArrayLike<unknown> =>
  Array.isArray(item) || (ArrayBuffer.isView(item) && !(item instanceof DataView));

/** @param whichOf names a row in errors */
function numbersOf(
  rows: ArrayLike<unknown>,
  type: NumberType,
  shape: Shape,
  whichOf: (row: number) => string,
): ColumnValues {
  const kind = kindOf(type);
  const values = new KINDS[kind](rows.length * sizeOf(shape));
  let at = 0;
  const take = (item: unknown, axis: number, row: number): void => {
    if (axis < shape.length) {
      const expected = shape[axis] as number;
      if (!isList(item)) throw missing(whichOf(row), `a list of ${expected}`);
      if (item.length !== expected) throw ragged(whichOf(row), item.length, expected);
      for (let place = 0; place < item.length; place++) take(item[place], axis + 1, row);
      return;
    }
    if (item === null || item === undefined) throw missing(whichOf(row), 'a number');
    values[at] = Number(item);
    if (kind === 'i32' && BigInt(values[at] as number) !== BigInt(item as number | bigint))
      throw beyondInt32(`a number in ${whichOf(row)}`, item as number | bigint);
    at++;
  };
  for (let row = 0; row < rows.length; row++) take(rows[row], 0, row);
  return values;
}

const missing = (which: string, expected: string) =>
  new DataError(`data: ${which} has a missing value, expected ${expected}`, {
    hint: 'leave the row out, or fill it in, before the file is written',
  });

const ragged = (which: string, got: number, expected: number) =>
  new DataError(`data: ${which} has a list of ${got}, expected ${expected}, as row 1 has`, {
    hint: 'pad the lists, or cut them, to one length',
  });

const CONVERTED: Partial<Record<string, NumberType>> = {
  ...{ INT_8: 'i8', INT_16: 'i16', INT_32: 'i32', INT_64: 'i64' },
  ...{ UINT_8: 'u8', UINT_16: 'u16', UINT_32: 'u32', UINT_64: 'u64', DECIMAL: 'f64' },
};
const PLAIN: Partial<Record<string, NumberType>> = {
  ...{ BOOLEAN: 'bool', INT32: 'i32', INT64: 'i64', FLOAT: 'f32', DOUBLE: 'f64' },
};

/** Undefined if the values are no numbers. */
function numberType({ type, converted_type, logical_type }: SchemaElement): NumberType | undefined {
  if (converted_type !== undefined) return CONVERTED[converted_type];
  if (logical_type?.type === 'FLOAT16') return 'f16';
  if (logical_type?.type === 'DECIMAL') return 'f64';
  if (logical_type?.type === 'INTEGER') {
    return CONVERTED[`${logical_type.isSigned ? '' : 'U'}INT_${logical_type.bitWidth}`];
  }
  return logical_type === undefined ? PLAIN[type ?? ''] : undefined;
}

const kindText = ({ type, converted_type, logical_type }: SchemaElement) =>
  converted_type === 'UTF8' || logical_type?.type === 'STRING'
    ? 'text'
    : `values of the type ${converted_type ?? logical_type?.type ?? type}`;
