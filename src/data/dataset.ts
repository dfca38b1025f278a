/**
 * A data set: columns of examples. Inputs go into a network, targets are what it learns. Folders
 * below make data sets from pictures and from a program's arrays; all other code handles columns.
 * Values lie in shared memory if possible, so that worker threads need no copy.
 */
import { arrayProblem } from '../tensor/arrays.js';
import { type ColumnSpec, describeColumn } from '../tensor/column-spec.js';
import { sizeOf } from '../tensor/shape.js';
import { DataError } from './error.js';
import { type Meaning, valuesProblem } from './meaning.js';
import { blocksOf, isPaged, KINDS, type PagedValues } from './paged-values.js';

export interface Dataset {
  readonly name: string;
  readonly examples: number;
  /** In the order in which the network reads them. */
  readonly inputs: readonly Column[];
  /** What is learned, in the order in which the task reads them; in memory. */
  readonly targets: readonly HeldColumn[];
  /**
   * [examples], a number for each cluster, such as a patient: its examples stay on one side of
   * every split. Without it, each example is on its own.
   */
  readonly clusters?: Int32Array | undefined;
}

export type ColumnValues = Uint8Array | Int32Array | Float32Array;

/** The description of a column, without its values. */
export interface ColumnFacts extends ColumnSpec {
  readonly meaning: Meaning;
}

/** The description of a column, without values that it may carry. */
export const factsOf = ({ name, dtype, shape, meaning }: ColumnFacts) => ({
  ...{ name, dtype, shape: [...shape] },
  meaning: meaningOf(meaning),
});

/** A copy that a message can carry. */
function meaningOf(meaning: Meaning) {
  if (meaning.kind === 'categories') return { ...meaning, names: [...meaning.names] };
  if (meaning.kind !== 'features') return meaning;
  const features = meaning.features.map((feature) =>
    feature.kind === 'category'
      ? { ...feature, names: [...feature.names], missing: feature.missing && [...feature.missing] }
      : {
          ...feature,
          range: feature.range && ([...feature.range] as [number, number]),
          missing: feature.missing && [...feature.missing],
        },
  );
  return { ...meaning, features };
}

/** The description of a data set, without its examples. */
export interface DataFacts {
  readonly inputs: readonly ColumnFacts[];
  readonly targets: readonly ColumnFacts[];
}

/**
 * A column with its values. The dtype is that of a batch; values may be stored as bytes if they are
 * small.
 */
export interface Column<Values extends ColumnValues | PagedValues = ColumnValues | PagedValues>
  extends ColumnFacts {
  /** [examples, …shape], row-major. */
  readonly values: Values;
}

/** A column whose values are in memory. */
export type HeldColumn = Column<ColumnValues>;

/** A set that is all in memory. */
export interface HeldDataset extends Dataset {
  readonly inputs: readonly HeldColumn[];
}

/**
 * Training and test examples with the same columns. The test set belongs to the coordinator and may
 * be empty.
 */
export interface TrainTestSplit<Set extends Dataset = Dataset> {
  readonly train: Set;
  readonly test: Set;
  /** Of a simulation: how many training examples each site has, one site after another. */
  readonly sites?: readonly number[] | undefined;
}

export const columnsOf = ({ inputs, targets }: Dataset): readonly Column[] => [...inputs, ...targets];

/** The categories of a set's first target; empty if it is not a category. */
export function categoriesOf({ targets: [target] }: Pick<DataFacts, 'targets'>): readonly string[] {
  return target?.meaning.kind === 'categories' && target.shape.length === 0 ? target.meaning.names : [];
}

/** Gives back the files of sets that are paged. Their values cannot be read any more. */
export function closeDatasets(...datasets: readonly Pick<Dataset, 'inputs'>[]): void {
  for (const { inputs } of datasets) for (const { values } of inputs) if (isPaged(values)) values.close();
}

/** The bytes that a set takes in memory. */
export const bytesOf = (dataset: Dataset): number =>
  columnsOf(dataset).reduce((sum, { values }) => sum + (isPaged(values) ? 0 : values.byteLength), 0);

/**
 * Zeroed bytes, in shared memory if the platform allows it (browsers do for cross-origin isolated
 * pages only).
 */
export function sharedBytes(length: number): Uint8Array {
  return typeof SharedArrayBuffer === 'undefined'
    ? new Uint8Array(length)
    : new Uint8Array(new SharedArrayBuffer(length));
}

/** Returns the values if they are shared already, otherwise a shared copy. */
export function toShared<Values extends ColumnValues>(values: Values): Values {
  if (typeof SharedArrayBuffer === 'undefined' || values.buffer instanceof SharedArrayBuffer) return values;
  const into = sharedLike(values, values.length) as Values;
  into.set(values);
  return into;
}

/** An array of the same kind and this length, in shared memory. */
function sharedLike(like: ColumnValues | PagedValues, length: number): ColumnValues {
  const { buffer } = sharedBytes(length * like.BYTES_PER_ELEMENT);
  // A Node Buffer is a view of a pool; the shared copy is a plain array.
  if (like instanceof Uint8Array) return new Uint8Array(buffer);
  const kind = (isPaged(like) ? KINDS[like.kind] : like.constructor) as ArrayOf;
  return new kind(buffer);
}

type ArrayOf = new (of: number | ArrayBufferLike) => ColumnValues;

/** The array in which a batch keeps the values of a column. */
export function emptyValues({ dtype, shape }: ColumnSpec, places: number, shared = false): ColumnValues {
  const length = places * sizeOf(shape);
  const kind = KINDS[dtype] as ArrayOf;
  return new kind(shared ? new SharedArrayBuffer(length * KINDS[dtype].BYTES_PER_ELEMENT) : length);
}

/** Writes the values of example `index` to `place` in a batch. */
export function fillPlace(into: ColumnValues, place: number, { values, shape }: Column, index: number): void {
  const size = sizeOf(shape);
  if (isPaged(values)) values.copyTo(into, place * size, index * size, (index + 1) * size);
  else if (size === 1) into[place] = values[index] as number;
  else into.set(values.subarray(index * size, (index + 1) * size), place * size);
}

/** The column and the place of an example in it, in memory: of paged values, the example alone. */
export function heldExample(column: Column, index: number): readonly [HeldColumn, number] {
  const { values, shape } = column;
  if (!isPaged(values)) return [column as HeldColumn, index];
  const size = sizeOf(shape);
  return [{ ...column, values: values.slice(index * size, (index + 1) * size) }, 0];
}

/** @throws Error when its values are paged, as those of categories never are */
export function requireHeld(column: Column): HeldColumn {
  if (isPaged(column.values)) throw new Error(`internal: "${column.name}" is paged`);
  return column as HeldColumn;
}

/** @throws DataError when the example does not exist */
export function requireExample({ name, examples }: Dataset, index: number): void {
  if (index < examples) return;
  throw new DataError(`data: "${name}" has ${examples} examples, asked for number ${index}`);
}

/** The kinds of arrays in which the values of a column may be stored. */
const KEPT = {
  u8: ['Uint8Array'],
  i32: ['Int32Array', 'Uint8Array'],
  f32: ['Float32Array', 'Uint8Array'],
} as const;

/**
 * Checks a set that a program passes: kinds and lengths of its arrays. This takes no time; without
 * it, JavaScript would silently read zeros. Fields that repeat columns must be the same arrays as
 * the columns: other arrays would not be trained on.
 * @throws DataError that says what is wrong
 */
export function checkColumns(dataset: Dataset): void {
  const { name, examples } = dataset;
  if (!Array.isArray(dataset.inputs) || !Array.isArray(dataset.targets)) {
    throw new DataError(`data: "${name}" has no columns, expected "inputs" and "targets"`, {
      hint: 'make it by imageDataset or arrayDataset',
    });
  }
  const columns = columnsOf(dataset);
  for (const column of columns) {
    const kinds = KEPT[column.dtype];
    const length = examples * sizeOf(column.shape);
    const problems = kinds.map((kind) => arrayKindProblem(column.values, kind, length));
    if (problems.includes(undefined)) continue;
    const problem = problems.find((one) => one?.startsWith('has ')) ?? problems[0];
    throw new DataError(`data: the ${column.name} of "${name}" are wrong: the array ${problem}`, {
      hint: `expected ${describeColumn(column)} for each of its ${examples} examples`,
    });
  }
  for (const [field, value] of Object.entries(dataset)) {
    const isArray = ArrayBuffer.isView(value) || (Array.isArray(value) && typeof value[0] === 'number');
    if (!isArray || field === 'clusters' || columns.some(({ values }) => values === value)) continue;
    throw new DataError(`data: "${name}" has ${field} that are not those of its columns`, {
      hint: 'make a set of them by imageDataset, instead of a copy of another set',
    });
  }
}

function arrayKindProblem(
  values: ColumnValues | PagedValues,
  kind: 'Uint8Array' | 'Int32Array' | 'Float32Array',
  length: number,
): string | undefined {
  if (!isPaged(values)) return arrayProblem(values, kind, length);
  const got = KINDS[values.kind].name;
  if (got !== kind) return `is of the kind ${got}, expected ${kind}`;
  return values.length === length ? undefined : `has ${values.length} numbers, expected ${length}`;
}

/**
 * Checks the columns as `checkColumns` does, and the value of each category and token.
 * @throws DataError that says what is wrong
 */
export function checkDataset(dataset: Dataset): void {
  checkColumns(dataset);
  for (const column of columnsOf(dataset)) checkValues(dataset.name, column);
}

export function checkValues(name: string, { name: column, meaning, values, shape }: Column): void {
  if (meaning.kind === 'categories' && meaning.names.length === 0)
    throw new DataError(`data: "${column}" of "${name}" has no names of categories, expected one or more`);
  // Any byte is right; the file of a large set is not read for nothing.
  if (meaning.kind === 'picture') return;
  for (const { start, block } of blocksOf(values, sizeOf(shape))) {
    const problem = valuesProblem(meaning, block);
    if (problem === undefined) continue;
    const { at, expected } = problem;
    const place =
      shape.length === 0 ? `${singular(column)} ${start + at}` : `"${column}" at index ${start + at}`;
    throw new DataError(`data: ${place} of "${name}" is ${block[at]}, expected ${expected}`);
  }
}

const singular = (column: string) => (column.endsWith('s') ? column.slice(0, -1) : column);

/**
 * Checks both sets; the test set may be empty.
 * @throws DataError that says what is wrong, or how the sets differ
 */
export function checkSplit({ train, test }: TrainTestSplit): void {
  checkDataset(train);
  checkDataset(test);
  const of = (dataset: Dataset) => columnsOf(dataset).map(describeMeant).join(', ');
  if (of(train) === of(test)) return;
  throw new DataError(`data: the test set has ${of(test)}, expected those of the training set: ${of(train)}`);
}

/** "labels i32[] of 10 categories", "price f32[] in euros" */
export function describeMeant(column: ColumnFacts): string {
  return `${describeColumn(column)}${meant(column.meaning)}`;
}

function meant(meaning: Meaning): string {
  switch (meaning.kind) {
    case 'categories':
      return ` of ${meaning.names.length} categories`;
    case 'tokens':
      return ` of ${meaning.vocabulary} tokens${meaning.tokenizer === undefined ? '' : ` by the tokenizer ${meaning.tokenizer.slice(0, 12)}…`}`;
    case 'number':
      return meaning.unit === undefined ? '' : ` in ${meaning.unit}`;
    case 'features':
      return ` of ${meaning.features.map(({ name }) => name).join(', ')}`;
    case 'picture':
      return '';
  }
}

/** A set with the same columns and no examples. */
export const withoutExamples = <Set extends Dataset>(of: Set): Set =>
  chosenFrom(of, new Uint32Array(0), of.name);

/** A split without test examples, for when those of the coordinator are enough. */
export const withoutTest = <Set extends Dataset>(train: Set): TrainTestSplit<Set> => ({
  train,
  test: withoutExamples(train),
});

/**
 * A copy of these examples in memory, in this order.
 * @throws DataError when an example does not exist, or the list is empty
 */
export function subset<Set extends Dataset>(
  dataset: Set,
  indices: Iterable<number>,
  name = dataset.name,
): Set {
  checkColumns(dataset);
  const chosen = exampleNumbers(dataset, indices);
  if (chosen.length === 0) throw new DataError(`data: "${name}" holds no examples`);
  return chosenFrom(dataset, chosen, name);
}

/** @throws DataError when an example does not exist */
function exampleNumbers(dataset: Dataset, indices: Iterable<number>): Uint32Array {
  if (indices instanceof Uint32Array) {
    for (const index of indices) if (index >= dataset.examples) requireExample(dataset, index);
    return indices;
  }
  const places = [...indices];
  const wrong = places.find((index) => !Number.isInteger(index) || index < 0);
  if (wrong !== undefined) {
    throw new DataError(
      `data: number ${wrong} of "${dataset.name}" is asked for, expected whole numbers from 0`,
    );
  }
  for (const index of places) requireExample(dataset, index);
  return Uint32Array.from(places);
}

/**
 * Copies the set with the chosen examples. Its other fields that are arrays of columns become the
 * new arrays.
 */
function chosenFrom<Set extends Dataset>(dataset: Set, chosen: Uint32Array, name: string): Set {
  const renewed = new Map<unknown, ColumnValues>();
  const choose = (columns: readonly Column[]) =>
    columns.map((column): HeldColumn => {
      const values = sharedLike(column.values, chosen.length * sizeOf(column.shape));
      for (const [place, index] of chosen.entries()) fillPlace(values, place, column, index);
      renewed.set(column.values, values);
      return { ...column, values };
    });
  const columns = { inputs: choose(dataset.inputs), targets: choose(dataset.targets) };
  const { clusters } = dataset;
  if (clusters !== undefined)
    renewed.set(
      clusters,
      Int32Array.from(chosen, (index) => clusters[index] as number),
    );
  const others = Object.entries(dataset).map(([field, value]) => [field, renewed.get(value) ?? value]);
  return { ...Object.fromEntries(others), name, examples: chosen.length, ...columns };
}
