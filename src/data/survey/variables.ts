/**
 * What a survey asks about: each number and each category of a data set, inputs and targets. The
 * values of a variable fall into cells, and each row is in exactly one cell. For a number these are
 * the bins of a histogram, below, above, and missing; for a category its names, another one, and
 * missing. The cells follow from what is declared alone, never from the data.
 */
import type { ColumnFacts, DataFacts } from '../dataset.js';
import { type Feature, MISSING_NUMBER } from '../features.js';

export type Variable = NumberVariable | CategoryVariable;

/** Where the values are: the place in an example of a column of a data set. */
interface Source {
  readonly of: 'inputs' | 'targets';
  readonly column: number;
  readonly place: number;
}

export interface NumberVariable {
  readonly kind: 'number';
  readonly name: string;
  readonly unit: string | undefined;
  readonly source: Source;
  /** Of the bins, ascending: one more than there are bins. */
  readonly edges: readonly number[];
  /** Whether the bins divide a declared range evenly. */
  readonly declared: boolean;
  /** Sums are of (x − centre)/scale, so that digits are kept; within ±`most`. */
  readonly centre: number;
  readonly scale: number;
  readonly most: number;
}

export interface CategoryVariable {
  readonly kind: 'category';
  readonly name: string;
  readonly names: readonly string[];
  readonly source: Source;
}

/** How many bins a declared range is divided into, unless the survey says otherwise. */
export const BINS = 20;

/** The variables of a data set with these columns, in the order of its columns. */
export function variablesOf({ inputs, targets }: DataFacts, bins = BINS): readonly Variable[] {
  const of = (role: Source['of'], columns: readonly ColumnFacts[]) =>
    columns.flatMap((facts, column) => variablesIn(facts, (place) => ({ of: role, column, place }), bins));
  return [...of('inputs', inputs), ...of('targets', targets)];
}

/** Columns of pictures, tokens and arrays have none. */
function variablesIn(
  { name, shape, meaning }: ColumnFacts,
  at: (place: number) => Source,
  bins: number,
): readonly Variable[] {
  switch (meaning.kind) {
    case 'features':
      return meaning.features.map((feature, place) => variableOf(feature, at(place), bins));
    case 'categories':
      return shape.length > 0 ? [] : [{ kind: 'category', name, names: meaning.names, source: at(0) }];
    case 'number':
      return shape.length > 0 ? [] : [variableOf({ kind: 'number', name, unit: meaning.unit }, at(0), bins)];
    case 'picture':
    case 'tokens':
      return [];
  }
}

function variableOf(feature: Feature, source: Source, bins: number): Variable {
  const { name } = feature;
  if (feature.kind === 'category') return { kind: 'category', name, names: feature.names, source };
  const { unit, range } = feature;
  return { ...{ kind: 'number', name, unit, source }, ...(range ? evenBins(range, bins) : wideBins) };
}

function evenBins([least, most]: readonly [number, number], bins: number) {
  const edges = Array.from({ length: bins + 1 }, (_, i) => least + ((most - least) * i) / bins);
  return { edges, declared: true, centre: (least + most) / 2, scale: (most - least) / 2, most: 1 };
}

/**
 * The bins of a number without a declared range: four for each power of two, from 2⁻¹⁰ to 2³⁰, on
 * both sides of the one around 0. A bin's width is 19% of its values.
 */
const wideBins = (() => {
  const positive = Array.from({ length: 161 }, (_, i) => 2 ** (i / 4 - 10));
  const edges = [...positive.map((edge) => -edge).reverse(), ...positive];
  return { edges, declared: false, centre: 0, scale: 1, most: 2 ** 30 };
})();

/** How many cells a variable has. */
export const cellsOf = (variable: Variable): number =>
  variable.kind === 'number' ? variable.edges.length + 2 : variable.names.length + 2;

/** The cell of missing values, which is the last. */
export const missingCell = (variable: Variable): number => cellsOf(variable) - 1;

/**
 * The cell of a value. Cells of a number: below, the bins, above, missing. A bin has its lower
 * edge, and the last one its upper edge, too.
 */
export function cellOf(variable: Variable, value: number): number {
  if (variable.kind === 'category') {
    return value >= 0 && value < cellsOf(variable) ? value : missingCell(variable);
  }
  const { edges } = variable;
  if (value === MISSING_NUMBER) return missingCell(variable);
  const last = edges.length - 1;
  if (value === edges[last]) return last;
  let [from, to] = [0, edges.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((edges[middle] as number) <= value) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** What a value adds to sums: (x − centre)/scale, where a value beyond ±most counts as ±most. */
export function standardized({ centre, scale, most }: NumberVariable, value: number): number {
  return Math.min(most, Math.max(-most, (value - centre) / scale));
}

/**
 * The order in which small cells are put together: missing first, then from the middle outwards, so
 * that few missing values join the bulk of the values, and the tails join each other.
 */
export function orderOf(variable: Variable): readonly number[] {
  const count = cellsOf(variable) - 1;
  const cells = Array.from({ length: count }, (_, cell) => cell);
  const middle = (count - 1) / 2;
  if (variable.kind === 'number') cells.sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle) || a - b);
  return [count, ...cells];
}
