/**
 * Reads the rows of one table as a spec says: numbers, codes of categories, what is learned, and
 * the group. It collects what a table has more, less or otherwise than expected.
 */
import { listed } from '../../base/excerpt.js';
import { nearestName } from '../../base/nearest-name.js';
import { DataError } from '../error.js';
import { MISSING_NUMBER } from '../features.js';
import { CellProblems } from './cell-problems.js';
import {
  type CategoryReader,
  type CellReader,
  categoryReader,
  cellCollector,
  dateReader,
  MISSING_CODE,
  numberReader,
  type RangeCount,
} from './cell-readers.js';
import { type ColumnSpecOfTable, columnNames, type TableSpec, targetColumns } from './column-specs.js';
import type { CellRecord } from './record-scanner.js';
import { type RowStore, rowStore } from './row-store.js';
import { type TargetReader, targetReader } from './target-reader.js';

export interface ReadTable {
  readonly file: string;
  readonly rows: number;
  readonly numbers: Float32Array;
  /** Codes by the names below; −1 is missing, as many as there are declared names another one. */
  readonly categories: Int32Array;
  readonly targets: Float32Array | Int32Array;
  readonly target: TargetReader;
  /** Of each category, in the order of the columns. */
  readonly names: readonly (readonly string[])[];
  /** [rows], the group of each; undefined if there is no column of groups. */
  readonly groups?: Int32Array | undefined;
  /** [rows], the cells of the column of groups as they are, of a table for predictions. */
  readonly groupCells?: readonly string[] | undefined;
}

export interface TableReaderOptions {
  /** "." or ",". */
  readonly decimal?: '.' | ',' | undefined;
  /** What a number in messages counts. */
  readonly place?: 'line' | 'row';
  readonly onNotice?: ((notice: string) => void) | undefined;
  /**
   * Whether the rows are only to be predicted: then every input must be there, the column of groups
   * may be missing, and values beyond a range are reported, however many they are.
   */
  readonly forPredictions?: boolean | undefined;
}

export interface TableReader {
  /** A record of a text. */
  record(record: CellRecord): void;
  /** A row of values that have types, in the order of the header. */
  row(values: readonly unknown[]): void;
  /** @throws DataError when cells are wrong, or no row has what is learned */
  finish(): ReadTable;
}

/** @throws DataError when the header lacks what is needed, or names a needed column twice */
export function tableReader(
  file: string,
  wanted: TableSpec,
  header: readonly string[],
  options: TableReaderOptions = {},
): TableReader {
  const { place = 'line', onNotice, forPredictions = false } = options;
  const problems = new CellProblems(file, place);
  const group = forPredictions && !header.includes(wanted.group ?? '') ? undefined : wanted.group;
  const spec = { ...wanted, group };
  const lacking = checkHeader(file, spec, header, forPredictions);
  const bound = bindColumns(spec, header, problems, options);
  const { numbers, categories, target, groups } = bound;
  const stores = {
    numbers: rowStore('f32', numbers.length),
    categories: rowStore('i32', categories.length),
    targets: rowStore(target.dtype, target.readers.length),
    groups: rowStore('i32', 1),
  };
  const targetPlaces = targetColumns(spec.target).map((name) => header.indexOf(name));
  let rows = 0;
  let all = 0;
  let nextGroup = 0;

  const take = (numberIn: (reader: CellReader, place: number) => number) => {
    all++;
    for (const [at, reader] of target.readers.entries()) {
      const value = numberIn(reader, targetPlaces[at] as number);
      if (target.isMissing(value)) return;
      stores.targets.set(at, value);
    }
    fill(stores.numbers, numbers, numberIn, MISSING_NUMBER);
    fill(stores.categories, categories, numberIn, MISSING_CODE);
    if (groups !== undefined) {
      const own = numberIn(groups.reader, groups.place);
      // A row without a group is one of its own.
      stores.groups.set(0, own === MISSING_CODE ? -1 - nextGroup++ : own);
      stores.groups.keep();
    }
    for (const store of [stores.numbers, stores.categories, stores.targets]) store.keep();
    rows++;
  };
  return {
    record(record) {
      problems.line = record.line;
      if (record.cells !== header.length) throw ragged(file, record, header);
      take((reader, at) => reader.read(record, at));
    },
    row(values) {
      problems.line = all + 1;
      take((reader, at) => reader.readValue(values[at]));
    },
    finish() {
      problems.refuse();
      checkRows(file, spec, rows, all);
      for (const notice of [
        ...lacking.map((name) => `no column "${name}": it counts as missing in all its rows`),
        ...(rows < all ? [`${all - rows} of ${all} rows have no ${targetName(spec)} and are left out`] : []),
        ...rangeNotices(file, numbers, place, forPredictions),
        ...unknownNotices(categories, place),
      ]) {
        onNotice?.(`data: "${file}": ${notice}`);
      }
      return {
        ...{ file, rows, target },
        numbers: stores.numbers.finish() as Float32Array,
        categories: stores.categories.finish() as Int32Array,
        targets: stores.targets.finish() as Float32Array | Int32Array,
        names: categories.map(({ reader }) => reader.names()),
        groups: groups && (stores.groups.finish() as Int32Array),
        ...(forPredictions && { groupCells: groups?.reader.names() }),
      };
    },
  };
}

interface BoundColumn<Reader extends CellReader = CellReader> {
  readonly column: ColumnSpecOfTable;
  readonly reader: Reader;
  /** In the header; −1 if it is not there. */
  readonly place: number;
  readonly counted: RangeCount;
}

function bindColumns(
  { columns, target, group }: TableSpec,
  header: readonly string[],
  problems: CellProblems,
  { decimal = '.', forPredictions = false }: TableReaderOptions,
) {
  const mark = decimal.charCodeAt(0);
  const numbers: BoundColumn[] = [];
  const categories: BoundColumn<CategoryReader>[] = [];
  for (const column of columns) {
    const counted = { known: 0, outside: 0, firstOutside: undefined, firstLine: 0 };
    const at = { column, place: header.indexOf(column.name), counted };
    if (column.value.kind === 'category')
      categories.push({ ...at, reader: categoryReader(column, problems) });
    else if (column.value.kind === 'date') numbers.push({ ...at, reader: dateReader(column, problems) });
    else numbers.push({ ...at, reader: numberReader(column, mark, problems, counted) });
  }
  const groupColumn: ColumnSpecOfTable | undefined =
    group === undefined
      ? undefined
      : { name: group, value: { kind: 'category', names: undefined, missing: [] } };
  return {
    ...{ numbers, categories, target: targetReader(target, mark, problems) },
    groups: groupColumn && {
      reader: forPredictions ? cellCollector() : categoryReader(groupColumn, problems),
      place: header.indexOf(groupColumn.name),
    },
  };
}

function fill(
  store: RowStore,
  columns: readonly BoundColumn[],
  numberIn: (reader: CellReader, place: number) => number,
  missing: number,
): void {
  for (let at = 0; at < columns.length; at++) {
    const { reader, place } = columns[at] as BoundColumn;
    store.set(at, place < 0 ? missing : numberIn(reader, place));
  }
}

/** Which inputs the table does not have. */
function checkHeader(
  file: string,
  spec: TableSpec,
  header: readonly string[],
  needsAll: boolean,
): readonly string[] {
  const wanted = columnNames(spec);
  const absent = wanted.filter((name) => !header.includes(name));
  const twice = wanted.find((name) => header.indexOf(name) !== header.lastIndexOf(name));
  if (twice !== undefined) {
    throw new DataError(`data: "${file}", line 1: two columns are called "${twice}", expected one`, {
      hint: 'rename one of them, or remove it',
    });
  }
  const inputs = spec.columns.map(({ name }) => name);
  for (const name of absent) {
    const nearest = nearestName(
      name,
      header.filter((other) => !wanted.includes(other)),
    );
    const isNeeded = needsAll || !inputs.includes(name) || inputs.every((input) => absent.includes(input));
    if (!isNeeded && nearest === undefined) continue;
    const quoted = header.map((one) => JSON.stringify(one));
    throw new DataError(`data: "${file}", line 1: no column is called "${name}", got ${listed(quoted, 20)}`, {
      hint:
        nearest === undefined
          ? needsAll
            ? 'add it, with empty cells where the value is not known'
            : 'name the columns as the settings of the data do, and look at the separator'
          : `rename "${nearest}", if it is that column`,
    });
  }
  return absent;
}

function checkRows(file: string, spec: TableSpec, rows: number, all: number): void {
  if (rows > 0) return;
  throw new DataError(
    all === 0
      ? `data: "${file}" has a header and no rows`
      : `data: none of the ${all} rows of "${file}" has a value of ${targetName(spec)}, which is learned`,
  );
}

const targetName = ({ target }: TableSpec) =>
  targetColumns(target)
    .map((name) => `"${name}"`)
    .join(', ');

function ragged(file: string, { line, cells }: CellRecord, header: readonly string[]): DataError {
  return new DataError(
    `data: "${file}", line ${line} has ${cells} cells, expected ${header.length}, as the header has`,
    { hint: 'a cell that holds the separator is put in quotes' },
  );
}

/** @throws DataError when most values lie beyond the declared range, as those in another unit do */
function rangeNotices(
  file: string,
  numbers: readonly BoundColumn[],
  place: string,
  isOnlyReported: boolean,
): string[] {
  return numbers.flatMap(({ column, counted }) => {
    if (column.value.kind !== 'number' || column.value.range === undefined || counted.outside === 0)
      return [];
    const [low, high] = column.value.range;
    const unit = column.value.unit === undefined ? '' : ` ${column.value.unit}`;
    const what = `${counted.outside} of ${counted.known} values of "${column.name}" lie beyond ${low} to ${high}${unit}, the first, ${counted.firstOutside}, in ${place} ${counted.firstLine}`;
    if (isOnlyReported || counted.outside <= counted.known / 2) return [what];
    throw new DataError(`data: "${file}": ${what}`, {
      hint: `convert them${unit === '' ? '' : ` to${unit}`}, if they are in another unit, or change the range`,
    });
  });
}

function unknownNotices(categories: readonly BoundColumn<CategoryReader>[], place: string): string[] {
  return categories.flatMap(({ column, reader }) => {
    if (reader.unknown.size === 0) return [];
    const found = [...reader.unknown].map(([name, { times, line }]) => {
      const nearest = nearestName(name, reader.names());
      return `"${name}" ${times} times (first in ${place} ${line})${nearest === undefined ? '' : `, perhaps "${nearest}"`}`;
    });
    return [
      `"${column.name}" has ${listed(found, 5)}, expected ${listed(reader.names(), 20)}: they count as another category`,
    ];
  });
}
