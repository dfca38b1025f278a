/**
 * Reads a data set of arrays: those of a file or a folder by the names in the settings, and those
 * of the test by the same names behind `test_`.
 */
import { canonicalName } from '../../base/names.js';
import { nearestName } from '../../base/nearest-name.js';
import { partNearest } from '../../base/part-of.js';
import { randomStream } from '../../base/random.js';
import { sizeOf } from '../../tensor/shape.js';
import {
  type Column,
  type ColumnFacts,
  type ColumnValues,
  categoriesOf,
  checkDataset,
  closeDatasets,
  type Dataset,
  type HeldColumn,
  type TrainTestSplit,
  withoutExamples,
} from '../dataset.js';
import { DataError } from '../error.js';
import { heldWriter } from '../held-writer.js';
import type { Paging, ValuesKind, ValuesWriter } from '../paged-values.js';
import type { ArraySettings } from '../settings.js';
import { columnOfArray, keptKind } from './array-columns.js';
import { type ArrayInFile, type FoundArrays, inRows } from './stored-array.js';

export interface ArraysOptions {
  /** All examples may be for training, or all for the test; both by default. */
  readonly wanted?: 'both' | 'training' | 'test' | undefined;
  readonly paging?: Paging | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The seed of the fifth that is held out for the test. */
  readonly seed?: number | undefined;
}

type Settings = Pick<ArraySettings, 'inputs' | 'targets'>;

const TEST = 'test_';
const TEST_PART = 0.2;

export interface LoadedArrays extends TrainTestSplit {
  /** Whether nothing sets test examples apart, so that the test has all, or none. */
  readonly isWhole: boolean;
}

/** Arrays that were found in a file or a folder. */
export interface ArrayPlace {
  /** In errors. */
  readonly path: string;
  /** Of the data set. */
  readonly name: string;
  readonly found: FoundArrays;
}

/**
 * @throws DataError when an array is missing, or does not fit the others or its meaning
 */
export async function readArrays(
  place: ArrayPlace,
  settings: Settings,
  { wanted = 'both', ...options }: ArraysOptions = {},
): Promise<LoadedArrays> {
  const { path, found } = place;
  const names = [...Object.keys(settings.inputs), ...Object.keys(settings.targets)];
  const hasTest = names.some((name) => found.has(canonicalName(`${TEST}${name}`)));
  const read = async (prefix: string, parts: number, partOf?: PartOf) =>
    readSets(place, settings, await arraysOf(path, found, names, prefix), parts, options, partOf);
  if (wanted === 'training' || (wanted === 'both' && hasTest)) {
    const [train] = await read('', 1);
    if (wanted === 'training') return { train, test: withoutExamples(train), isWhole: !hasTest };
    const [test] = await read(TEST, 1).catch((error: unknown) => {
      closeDatasets(train);
      throw error;
    });
    return { train, test, isWhole: false };
  }
  if (wanted === 'test') {
    const [test] = await read(hasTest ? TEST : '', 1);
    return { train: withoutExamples(test), test, isWhole: !hasTest };
  }
  const [train, test] = await read('', 2, heldOut(path, options.seed ?? 0));
  return { train, test: test as Dataset, isWhole: false };
}

/** For each example the number of its set. */
type PartOf = (targets: readonly HeldColumn[], examples: number) => Uint8Array;

async function arraysOf(
  path: string,
  found: FoundArrays,
  names: readonly string[],
  prefix: string,
): Promise<ReadonlyMap<string, ArrayInFile>> {
  const arrays = new Map<string, ArrayInFile>();
  for (const name of names) {
    const open = found.get(canonicalName(`${prefix}${name}`));
    if (open === undefined) {
      const has = [...found.keys()];
      const nearest = nearestName(`${prefix}${name}`, has);
      throw new DataError(
        `data: "${path}" has no array "${prefix}${name}", expected one of ${has.slice(0, 20).join(', ')}`,
        nearest === undefined ? {} : { hint: `did you mean "${nearest}"?` },
      );
    }
    arrays.set(name, await open());
  }
  const [first] = arrays.values();
  for (const { what, shape } of arrays.values()) {
    if (first === undefined || shape[0] === first.shape[0]) continue;
    throw new DataError(
      `data: ${what} has ${shape[0] ?? 'no'} examples, expected the ${first.shape[0]} of ${first.what}`,
    );
  }
  return arrays;
}

/** Reads the arrays as `parts` sets; targets first, by which examples may be told apart. */
async function readSets(
  { name }: ArrayPlace,
  settings: Settings,
  arrays: ReadonlyMap<string, ArrayInFile>,
  parts: number,
  { paging, signal }: ArraysOptions,
  partOf?: PartOf,
): Promise<[Dataset, ...Dataset[]]> {
  const columnsOf = (side: ArraySettings['inputs']) =>
    Object.entries(side).map(([name, setting]) => {
      const array = arrays.get(name) as ArrayInFile;
      const facts = columnOfArray(canonicalName(name), setting, array, array.what);
      return { array, facts, kept: keptKind(facts, array) };
    });
  const [inputs, targets] = [columnsOf(settings.inputs), columnsOf(settings.targets)];
  const [first] = inputs as [ArrayColumnToRead];
  const examples = first.array.shape[0] as number;
  const bytes = inputs.reduce(
    (sum, { array, kept }) => sum + sizeOf(array.shape) * (kept === 'u8' ? 1 : 4),
    0,
  );
  const pages = paging !== undefined && bytes > paging.aboveBytes ? paging : undefined;
  const whole = new Uint8Array(examples);
  const learned = await readColumns(targets, whole, 1, undefined, signal);
  const places =
    partOf?.(
      learned.map(([column]) => column as HeldColumn),
      examples,
    ) ?? whole;
  const goals = parts === 1 ? learned : await readColumns(targets, places, parts, undefined, signal);
  const read = await readColumns(inputs, places, parts, pages, signal);
  const sets = Array.from(
    { length: parts },
    (_, part): Dataset => ({
      name,
      examples: places.filter((place) => place === part).length,
      inputs: read.map((columns) => columns[part] as Column),
      targets: goals.map((columns) => columns[part] as HeldColumn),
    }),
  );
  try {
    for (const set of sets) checkDataset(set);
  } catch (error) {
    closeDatasets(...sets);
    throw error;
  }
  return sets as [Dataset, ...Dataset[]];
}

interface ArrayColumnToRead {
  readonly array: ArrayInFile;
  readonly facts: ColumnFacts;
  readonly kept: ValuesKind;
}

async function readColumns(
  columns: readonly ArrayColumnToRead[],
  places: Uint8Array,
  parts: number,
  paging: Paging | undefined,
  signal: AbortSignal | undefined,
): Promise<Column[][]> {
  const writers: ValuesWriter[] = [];
  try {
    const read: Column[][] = [];
    for (const column of columns) {
      const { facts, kept } = column;
      const own = Array.from({ length: parts }, (_, part) => {
        const examples = places.filter((place) => place === part).length;
        const isPaged = paging !== undefined && facts.meaning.kind !== 'categories';
        return isPaged ? paging.writer(kept) : heldWriter(kept, examples * sizeOf(facts.shape));
      });
      writers.push(...own);
      await readColumn(column, places, own, signal);
      read.push(own.map((writer): Column => ({ ...facts, values: writer.finish() })));
    }
    return read;
  } catch (error) {
    for (const writer of writers) writer.discard();
    throw error;
  }
}

async function readColumn(
  { array, facts, kept }: ArrayColumnToRead,
  places: Uint8Array,
  writers: readonly ValuesWriter[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const size = sizeOf(facts.shape);
  const as = (values: ColumnValues) =>
    kept === 'f32' && values instanceof Int32Array ? Float32Array.from(values) : values;
  let example = 0;
  const write = (values: ColumnValues) => {
    if (writers.length === 1) writers[0]?.append(values);
    else {
      for (let at = 0; at < values.length; at += size, example++) {
        writers[places[example] as number]?.append(values.subarray(at, at + size));
      }
    }
  };
  // Of an array whose first axis varies fastest, no example lies in one piece.
  const isTurned = array.fortran && array.shape.length > 1;
  const all: ColumnValues[] = [];
  for await (const piece of array.numbers()) {
    signal?.throwIfAborted();
    if (isTurned) all.push(as(piece));
    else write(as(piece));
  }
  if (!isTurned) return;
  const whole = heldWriter(kept, sizeOf(array.shape));
  for (const values of all) whole.append(values);
  write(inRows(whole.finish(), array.shape));
}

/** A seeded fifth of each category, or of all examples; one example at least is left. */
const heldOut =
  (path: string, seed: number): PartOf =>
  (targets, examples) => {
    const names = categoriesOf({ targets });
    const groups = names.length > 0 ? (targets[0]?.values as ColumnValues) : new Uint8Array(examples);
    const parts = new Uint8Array(examples);
    for (let group = 0; group < Math.max(1, names.length); group++) {
      const own = Array.from(groups.keys()).filter((index) => groups[index] === group);
      const count = Math.min(partNearest(TEST_PART, own.length), own.length - 1);
      if (count < 1) continue;
      const order = randomStream(seed, 'test hold-out', group).permutation(own.length);
      for (const place of order.subarray(0, count)) parts[own[place] as number] = 1;
    }
    if (parts.includes(1)) return parts;
    throw new DataError(
      `data: "${path}" has too few examples to hold out a fifth of them for the test, expected 3 of a category or more`,
      { hint: `add arrays for the test, with names such as "${TEST}${targets[0]?.name ?? 'x'}"` },
    );
  };
