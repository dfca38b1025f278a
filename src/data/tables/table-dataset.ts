/** Tables that were read → data sets with the same columns and the same numbers for categories. */
import { listed } from '../../base/excerpt.js';
import { compareNames } from '../../base/names.js';
import { type Dataset, type HeldColumn, toShared } from '../dataset.js';
import { DataError } from '../error.js';
import type { Feature, NumberFeature } from '../features.js';
import { MISSING_CODE } from './cell-readers.js';
import type { TableSpec } from './column-specs.js';
import { numberOf } from './parse-number.js';
import type { ReadTable } from './table-reader.js';

/** The names of what the columns are called in a data set. */
export const TABLE_COLUMNS = { numbers: 'numbers', categories: 'categories', target: 'target' } as const;

/**
 * One data set for each table. Categories without declared names have those of all tables, sorted.
 * @throws DataError when there is only one class
 */
export function tableDatasets(spec: TableSpec, tables: readonly ReadTable[]): Dataset[] {
  const declared = spec.columns.flatMap(({ value }) => (value.kind === 'category' ? [value.names] : []));
  const names = declared.map((known, at) => known ?? union(tables.map((table) => table.names[at] ?? [])));
  const found = union(tables.map(({ target }) => target.found() ?? []));
  return tables.map((table) => {
    const { file, rows, target } = table;
    const inputs = inputColumns(spec, table, names);
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
): HeldColumn[] {
  const features: { numbers: Feature[]; categories: Feature[] } = { numbers: [], categories: [] };
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
  const count = features.categories.length;
  const codes = categories.map((code, at) => {
    const feature = features.categories[at % count] as Extract<Feature, { kind: 'category' }>;
    if (code === MISSING_CODE) return feature.names.length + 1;
    const name = (own[at % count] as readonly string[])[code];
    // The code after the declared names is another category.
    return name === undefined ? feature.names.length : indexIn(feature.names, name);
  });
  return [
    ...(features.numbers.length > 0
      ? [columnOf(TABLE_COLUMNS.numbers, 'f32', features.numbers, numbers)]
      : []),
    ...(count > 0 ? [columnOf(TABLE_COLUMNS.categories, 'i32', features.categories, toShared(codes))] : []),
  ];
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
  values: Float32Array | Int32Array,
): HeldColumn => ({ name, dtype, shape: [features.length], meaning: { kind: 'features', features }, values });

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
