/**
 * Reads the rows of one table as a spec says: numbers, codes of categories, what is learned, and
 * the group. It collects what a table has more, less or otherwise than expected.
 */
import { listed } from '../../base/excerpt.js';
import { nearestName } from '../../base/nearest-name.js';
import type { ColumnValues } from '../dataset.js';
import { DataError } from '../error.js';
import { MISSING_NUMBER } from '../features.js';
import type { PagedValues, Paging } from '../paged-values.js';
import { type CategoryReader, categoryReader, cellCollector } from './category-reader.js';
import { CellProblems } from './cell-problems.js';
import { type CellReader, dateReader, MISSING_CODE, numberReader, type RangeCount } from './cell-readers.js';
import { type ColumnSpecOfTable, columnNames, type TableSpec, targetColumns } from './column-specs.js';
import type { CellRecords } from './kernels/table-memory.js';
import { ragged } from './record-scanner.js';
import { type RowStore, rowStore } from './row-store.js';
import { type RowsToRead, rowsOfText, rowsOfValues } from './rows-to-read.js';
import { type TargetReader, targetReader } from './target-reader.js';

export interface ReadTable {
  readonly file: string;
  readonly rows: number;
  readonly numbers: Float32Array | PagedValues;
  /** Codes by the names below; −1 is missing, as many as there are declared names another one. */
  readonly categories: Int32Array | PagedValues;
  readonly targets: Float32Array | Int32Array;
  readonly target: TargetReader;
  /** Of each category, in the order of the columns. */
  readonly names: readonly (readonly string[])[];
  /** [rows], the group of each; undefined if there is no column of groups. */
  readonly groups?: Int32Array | undefined;
  /** Of a table for predictions, the cells of the column of groups by the numbers in `groups`. */
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
  /** When inputs are kept in a file. */
  readonly paging?: Paging | undefined;
}

export interface TableReader {
  /** Records of a text. */
  records(records: CellRecords): void;
  /**
   * At most 8192 rows of values that have types, from place `from` on.
   * @param columns the values of each, as the header has them
   */
  values(columns: readonly ArrayLike<unknown>[], from: number, count: number): void;
  /** This part of the rows has come. */
  expect(part: number): void;
  /** @throws DataError when cells are wrong, or no row has what is learned */
  finish(): ReadTable;
  /** Gives up what was read. */
  discard(): void;
}

/** @throws DataError when the header lacks what is needed, or names a needed column twice */
export function tableReader(
  file: string,
  wanted: TableSpec,
  header: readonly string[],
  options: TableReaderOptions = {},
): TableReader {
  const { place = 'line', onNotice, forPredictions = false, paging } = options;
  const problems = new CellProblems(file, place);
  const group = forPredictions && !header.includes(wanted.group ?? '') ? undefined : wanted.group;
  const spec = { ...wanted, group };
  const name = place === 'line' ? `"${file}", line 1` : `"${file}"`;
  const lacking = checkHeader(name, spec, header, forPredictions);
  const bound = bindColumns(spec, header, problems, options);
  const { numbers, categories, target, groups } = bound;
  const stores = storesOf(bound);
  const every: readonly RowStore[] = Object.values(stores);
  const targetPlaces = targetColumns(spec.target).map((name) => header.indexOf(name));
  let rows = 0;
  let all = 0;
  let nextGroup = 0;

  const take = (read: RowsToRead) => {
    all += read.count();
    const goals = stores.targets.room(read.count());
    const width = target.readers.length;
    for (const [at, reader] of target.readers.entries()) {
      read.read(reader, targetPlaces[at] as number, goals, at, width);
      leaveOut(read, goals, width, (row) => target.isMissing(goals[row * width + at] as number));
    }
    const count = read.count();
    fill(read, numbers, stores.numbers.room(count), MISSING_NUMBER);
    fill(read, categories, stores.categories.room(count), MISSING_CODE);
    if (groups !== undefined) {
      const own = stores.groups.room(count);
      read.read(groups.reader, groups.place, own, 0, 1);
      // A row without a group is one of its own.
      for (let row = 0; row < count; row++) if (own[row] === MISSING_CODE) own[row] = -1 - nextGroup++;
    }
    for (const store of every) store.keep(count);
    rows += count;
    pageLarge(paging, stores.numbers, stores.categories);
  };
  return {
    records(records) {
      const { count, cells } = records;
      for (let record = 0; record < count; record++)
        if (cells[record] !== header.length) throw ragged(file, records, record, header.length);
      take(rowsOfText(records));
    },
    values: (columns, from, count) => take(rowsOfValues(columns, { from, count, before: all }, problems)),
    expect(part) {
      for (const store of every) store.expect(part);
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
        numbers: stores.numbers.finish(),
        categories: stores.categories.finish(),
        targets: stores.targets.finish() as Float32Array | Int32Array,
        names: categories.map(({ reader }) => reader.names()),
        groups: groups && (stores.groups.finish() as Int32Array),
        ...(forPredictions && { groupCells: groups?.reader.names() }),
      };
    },
    discard() {
      for (const store of every) store.discard();
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

const storesOf = ({ numbers, categories, target, groups }: ReturnType<typeof bindColumns>) => ({
  numbers: rowStore('f32', numbers.length),
  categories: rowStore('i32', categories.length),
  targets: rowStore(target.dtype, target.readers.length),
  groups: rowStore('i32', groups === undefined ? 0 : 1),
});

/** From the moment on when inputs take too much memory, they are kept in files. */
function pageLarge(paging: Paging | undefined, ...stores: readonly RowStore[]): void {
  const bytes = stores.reduce((sum, store) => sum + store.heldBytes(), 0);
  if (paging === undefined || bytes <= paging.aboveBytes) return;
  for (const store of stores) store.page(paging);
}

/** Leaves out the rows without what is learned, of which `goals` has been read so far. */
function leaveOut(
  rows: RowsToRead,
  goals: ColumnValues,
  width: number,
  isMissing: (row: number) => boolean,
): void {
  const count = rows.count();
  let row = 0;
  while (row < count && !isMissing(row)) row++;
  if (row === count) return;
  const kept = Array.from({ length: row }, (_, before) => before);
  for (; row < count; row++) if (!isMissing(row)) kept.push(row);
  rows.keepOnly(kept);
  for (const [to, from] of kept.entries()) goals.copyWithin(to * width, from * width, (from + 1) * width);
}

function fill(
  rows: RowsToRead,
  columns: readonly BoundColumn[],
  values: ColumnValues,
  missing: number,
): void {
  for (const [at, { reader, place }] of columns.entries()) {
    if (place >= 0) rows.read(reader, place, values, at, columns.length);
    else for (let to = at; to < values.length; to += columns.length) values[to] = missing;
  }
}

/** Which inputs the table does not have. */
function checkHeader(
  place: string,
  spec: TableSpec,
  header: readonly string[],
  needsAll: boolean,
): readonly string[] {
  const wanted = columnNames(spec);
  const absent = wanted.filter((name) => !header.includes(name));
  const twice = wanted.find((name) => header.indexOf(name) !== header.lastIndexOf(name));
  if (twice !== undefined) {
    throw new DataError(`data: ${place}: two columns are called "${twice}", expected one`, {
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
    throw new DataError(`data: ${place}: no column is called "${name}", got ${listed(quoted, 20)}`, {
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
