/** Tables that were read → data sets with the same columns and the same numbers for categories. */
import { listed } from '../../base/excerpt.js';
import { compareNames } from '../../base/names.js';
import { type Column, type ColumnValues, type Dataset, type HeldColumn, toShared } from '../dataset.js';
import { DataError } from '../error.js';
import {
  type CategoryFeature,
  type Feature,
  missingCategory,
  type NumberFeature,
  otherCategory,
} from '../features.js';
import { heldWriter } from '../held-writer.js';
import { blocksOf, isPaged, type PagedValues, type Paging } from '../paged-values.js';
import { MISSING_CODE } from './cell-readers.js';
import type { TableSpec } from './column-specs.js';
import { numberOf } from './parse-number.js';
import type { ReadTable } from './table-reader.js';

/** The names of what the columns are called in a data set. */
export const TABLE_COLUMNS = { numbers: 'numbers', categories: 'categories', target: 'target' } as const;

/**
 * One data set for each table, in place of it. Categories without declared names have those of all
 * tables, sorted.
 * @param paging that the tables were read with
 */
export function tableDatasets(spec: TableSpec, tables: readonly ReadTable[], paging?: Paging): Dataset[] {
  const declared = spec.columns.flatMap(({ value }) => (value.kind === 'category' ? [value.names] : []));
  const names = declared.map((known, at) => known ?? union(tables.map((table) => table.names[at] ?? [])));
  const found = union(tables.map(({ target }) => target.found() ?? []));
  return tables.map((table) => {
    const { file, rows, target } = table;
    const inputs = inputColumns(spec, table, names, paging);
    const meaning = target.meaning(found);
    const values = numbered(table.targets, target.found(), found);
    const targets: HeldColumn[] = [
      {
        ...{ name: TABLE_COLUMNS.target, dtype: target.dtype, shape: target.shape, meaning },
        values: toShared(values),
      },
    ];
    return { name: file, examples: rows, inputs, targets, ...(table.groups && { clusters: table.groups }) };
  });
}

const union = (lists: readonly (readonly string[])[]): readonly string[] =>
  [...new Set(lists.flat())].sort(compareNames);

function inputColumns(
  { columns }: TableSpec,
  { numbers, categories, names: own }: ReadTable,
  names: readonly (readonly string[])[],
  paging: Paging | undefined,
): Column[] {
  const features: { numbers: Feature[]; categories: CategoryFeature[] } = { numbers: [], categories: [] };
  for (const { name, value } of columns) {
    if (value.kind === 'category') {
      const known = names[features.categories.length] as readonly string[];
      // A column that is empty everywhere has no names; the one it gets is never used.
      features.categories.push({
        ...{ kind: 'category', name, names: known.length === 0 ? ['none'] : known },
        ...(value.missing.length > 0 && { missing: value.missing.map((word) => word.trim()) }),
      });
    } else {
      const { unit, range } = value.kind === 'number' ? value : { unit: 'days', range: undefined };
      features.numbers.push({
        ...{ kind: 'number' as const, name },
        ...(unit !== undefined && { unit }),
        ...(range !== undefined && { range }),
        ...missingNumbers(value.missing),
      });
    }
  }
  const inputs: Column[] = [];
  if (features.numbers.length > 0)
    inputs.push(columnOf(TABLE_COLUMNS.numbers, 'f32', features.numbers, numbers));
  if (features.categories.length > 0) {
    const finals = features.categories.map((feature, at) =>
      finalCodes(feature, own[at] as readonly string[]),
    );
    const codes = recoded(categories, finals, paging);
    inputs.push(columnOf(TABLE_COLUMNS.categories, 'i32', features.categories, codes));
  }
  return inputs;
}

/** The number of each code in a data set: that of a missing value, then those of the names. */
const finalCodes = (feature: CategoryFeature, own: readonly string[]): Int32Array =>
  Int32Array.from([
    missingCategory(feature),
    ...own.map((name) => indexIn(feature.names, name)),
    // The code after the declared names is another category.
    otherCategory(feature),
  ]);

/** @param finals for each column; codes in a file go into another file */
function recoded(
  codes: Int32Array | PagedValues,
  finals: readonly Int32Array[],
  paging: Paging | undefined,
): ColumnValues | PagedValues {
  const width = finals.length;
  const isInFile = isPaged(codes) && paging !== undefined;
  const writer = isInFile ? paging.writer('i32') : heldWriter('i32', codes.length);
  try {
    for (const { block } of blocksOf(codes, width)) {
      const into = new Int32Array(block.length);
      for (const [place, final] of finals.entries()) {
        for (let at = place; at < block.length; at += width)
          into[at] = final[(block[at] as number) - MISSING_CODE] as number;
      }
      writer.append(into);
    }
    const written = writer.finish();
    if (isPaged(codes)) codes.close();
    return written;
  } catch (error) {
    writer.discard();
    throw error;
  }
}

/** Those of the declared words that are numbers, which an exported model has to know. */
function missingNumbers(words: readonly string[]): Pick<NumberFeature, 'missing'> {
  const numbers = words.map(numberOf).filter((number) => !Number.isNaN(number));
  return numbers.length > 0 ? { missing: numbers } : {};
}

const columnOf = (
  name: string,
  dtype: 'f32' | 'i32',
  features: readonly Feature[],
  values: ColumnValues | PagedValues,
): Column => ({ name, dtype, shape: [features.length], meaning: { kind: 'features', features }, values });

const places = new WeakMap<readonly string[], ReadonlyMap<string, number>>();
function indexIn(names: readonly string[], name: string): number {
  let known = places.get(names);
  if (known === undefined) {
    known = new Map(names.map((one, at) => [one, at]));
    places.set(names, known);
  }
  return known.get(name) as number;
}

/** Codes of the table's own names → those of all tables; declared names stay as they are. */
function numbered<Values extends Float32Array | Int32Array>(
  values: Values,
  own: readonly string[] | undefined,
  names: readonly string[],
): Values {
  if (own === undefined) return values;
  const numbers = own.map((name) => indexIn(names, name));
  return values.map((code) => numbers[code] as number) as Values;
}

/** @throws DataError naming the columns whose names each participant would find for itself */
export function requireNames(spec: TableSpec): void {
  const { columns, target } = spec;
  const all = target.kind === 'value' ? [...columns, target.column] : columns;
  const open = all.filter(({ value }) => value.kind === 'category' && value.names === undefined);
  if (open.length === 0) return;
  const [first] = open;
  throw new DataError(
    `data: the names of ${listed(
      open.map(({ name }) => `"${name}"`),
      10,
    )} are not declared, expected the same names and numbers at every participant`,
    {
      hint: `list them, such as ${first?.name}: [a, b]; \`commonweight init TABLE\` writes those that a table has`,
    },
  );
}
