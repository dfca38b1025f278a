/**
 * What one owner answers to a survey: sums over its rows, in which small cells are hidden
 * (`hide-small.ts`). Rows of a hidden cell count in all sums as if they had a value of the cell
 * that they are shown in, so sums do not give back what counts hide.
 */
import type { Column, Dataset } from '../dataset.js';
import { exampleReader } from '../example-reader.js';
import { hideSmall, type ShownCounts } from './hide-small.js';
import {
  type NumberPair,
  PAIR_SUMS,
  pairsAt,
  placesOf,
  type TableSurvey,
  type VariablePlaces,
} from './survey.js';
import {
  cellOf,
  cellsOf,
  missingCell,
  type NumberVariable,
  orderOf,
  standardized,
  type Variable,
} from './variables.js';

/** A cell with fewer rows is hidden, unless its owner says otherwise. */
export const SMALLEST_COUNT = 5;

/**
 * @param rows the numbers of the examples that are asked about
 * @param smallestCount 1 if nothing is hidden, otherwise 3 or more: below 2 is 1
 */
export function ownAnswer(
  survey: TableSurvey,
  dataset: Dataset,
  rows: Iterable<number>,
  smallestCount = SMALLEST_COUNT,
): Float64Array {
  const indices = rows instanceof Uint32Array ? rows : Uint32Array.from(rows);
  const answer = new Float64Array(survey.length);
  // Of so few rows, even their number is not said.
  if (indices.length < smallestCount) return answer;
  answer[0] = indices.length;
  const read = rowReader(survey, dataset);
  const tallies = tally(survey, read, indices);
  const shown = tallies.map(({ counts, firsts }, i): ShownVariable => {
    const variable = survey.variables[i] as Variable;
    const { shownIn, ...of } = hideSmall(counts, orderOf(variable), smallestCount);
    return { ...of, shownIn, firsts };
  });
  const places = placesOf(survey);
  for (const [i, { counts, hidden }] of shown.entries()) {
    const at = places[i] as VariablePlaces;
    answer.set(counts, at.counts);
    answer.set(hidden, at.hidden);
  }
  addSums(answer, survey, { read, indices, shown, places, smallestCount });
  return answer;
}

interface Tally {
  readonly counts: Float64Array;
  /** The first value in each cell, by the order of the rows. */
  readonly firsts: Float64Array;
}

interface ShownVariable extends ShownCounts {
  readonly firsts: Float64Array;
}

/** Fills `into` with the value of each variable. */
type ReadRow = (row: number, into: Float64Array) => void;

function rowReader({ variables }: TableSurvey, dataset: Dataset): ReadRow {
  const columns = (['inputs', 'targets'] as const)
    .flatMap((of) =>
      dataset[of].map((column: Column, i) => ({
        read: exampleReader(column),
        wanted: variables.flatMap(({ source }, variable) =>
          source.of === of && source.column === i ? [{ variable, place: source.place }] : [],
        ),
      })),
    )
    .filter(({ wanted }) => wanted.length > 0);
  return (row, into) => {
    for (const { read, wanted } of columns) {
      const { values, at } = read(row);
      for (const { variable, place } of wanted) into[variable] = values[at + place] as number;
    }
  };
}

function tally({ variables }: TableSurvey, read: ReadRow, indices: Uint32Array): readonly Tally[] {
  const tallies = variables.map((variable) => ({
    counts: new Float64Array(cellsOf(variable)),
    firsts: new Float64Array(cellsOf(variable)),
  }));
  const values = new Float64Array(variables.length);
  for (const row of indices) {
    read(row, values);
    for (const [i, { counts, firsts }] of tallies.entries()) {
      const value = values[i] as number;
      const cell = cellOf(variables[i] as Variable, value);
      if (counts[cell] === 0) firsts[cell] = value;
      counts[cell] = (counts[cell] as number) + 1;
    }
  }
  return tallies;
}

interface SumsContext {
  readonly read: ReadRow;
  readonly indices: Uint32Array;
  readonly shown: readonly ShownVariable[];
  readonly places: readonly VariablePlaces[];
  readonly smallestCount: number;
}

/** Adds the sums of numbers and of pairs, of the values as they are shown; NaN is missing. */
function addSums(answer: Float64Array, survey: TableSurvey, context: SumsContext): void {
  const { read, indices, shown, places, smallestCount } = context;
  const { variables, pairs } = survey;
  const numbers = variables.flatMap((variable, i) =>
    variable.kind === 'number' && (shown[i] as ShownVariable).shownIn !== undefined
      ? [{ variable, i, sum: (places[i] as VariablePlaces).sum }]
      : [],
  );
  const values = new Float64Array(variables.length);
  const standard = new Float64Array(variables.length);
  const sums = pairs.map((pair) => pairSums(pair, variables, smallestCount));
  for (const row of indices) {
    read(row, values);
    standard.fill(Number.NaN);
    for (const { variable, i, sum } of numbers) {
      const value = shownValue(variable, values[i] as number, shown[i] as ShownVariable);
      if (value === undefined) continue;
      const x = standardized(variable, value);
      standard[i] = x;
      answer[sum] = (answer[sum] as number) + x;
      answer[sum + 1] = (answer[sum + 1] as number) + x * x;
    }
    for (const pair of sums) pair.add(standard);
  }
  for (const [i, pair] of sums.entries()) answer.set(pair.sums(), pairsAt(survey) + i * PAIR_SUMS);
}

/** The value that counts, which is another one in a hidden cell; undefined if it is missing. */
function shownValue(
  variable: NumberVariable,
  value: number,
  { shownIn, firsts }: ShownVariable,
): number | undefined {
  const cell = cellOf(variable, value);
  const at = shownIn?.[cell] ?? cell;
  if (at === missingCell(variable)) return undefined;
  return at === cell ? value : firsts[at];
}

/** Above so many different values, a cross product is one equation for too many cells. */
const FEW_VALUES = 4;

/**
 * The sums over the rows in which both numbers are there. They are withheld, as zeros, if a small
 * group could be found from them: fewer rows than the smallest count in which only one of both is
 * missing, or, for numbers with few values such as 0 and 1, in which they have some two values.
 */
function pairSums([x, y]: NumberPair, variables: readonly Variable[], smallestCount: number) {
  const [a, b] = [variables.indexOf(x), variables.indexOf(y)];
  const sums = new Float64Array(PAIR_SUMS);
  const missing = [0, 0, 0];
  const [seenX, seenY] = [new Set<number>(), new Set<number>()];
  const together = new Map<string, number>();
  const isSmall = (count: number) => count > 0 && count < smallestCount;
  return {
    add(standard: Float64Array) {
      const [u, v] = [standard[a] as number, standard[b] as number];
      if (Number.isNaN(u) || Number.isNaN(v)) {
        const which = Number.isNaN(u) ? (Number.isNaN(v) ? 2 : 0) : 1;
        missing[which] = (missing[which] as number) + 1;
        return;
      }
      for (const [i, value] of [1, u, v, u * u, v * v, u * v].entries()) {
        sums[i] = (sums[i] as number) + value;
      }
      if (seenX.size > FEW_VALUES || seenY.size > FEW_VALUES) return;
      seenX.add(u);
      seenY.add(v);
      const key = `${u} ${v}`;
      together.set(key, (together.get(key) ?? 0) + 1);
    },
    sums(): Float64Array {
      const isFew = seenX.size <= FEW_VALUES && seenY.size <= FEW_VALUES;
      const small =
        [...missing, sums[0] as number].some(isSmall) || (isFew && [...together.values()].some(isSmall));
      return small ? new Float64Array(PAIR_SUMS) : sums;
    },
  };
}
