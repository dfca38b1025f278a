/**
 * Checks the sums of metrics that come from elsewhere before they count: their names and lengths,
 * that counts are whole, and that no more examples are counted than there are. Whether they are
 * true cannot be checked.
 */
import { CALIBRATION_BINS } from '../calibration.js';
import { SCORE_BINS } from '../score-histograms.js';
import { type SharedSums, sumsOfShared } from './shared-sums.js';

/** What the evaluation measures. */
export interface MeasuredSums {
  /** The number of values of each sum, by name. */
  readonly sizes: Readonly<Record<string, number>>;
  /** The most units that an example can count for: 1, or more if it has parts. */
  readonly mostUnits: number;
}

/** What is counted, and over how many. */
interface CountedOver {
  readonly examples: number;
  readonly counted: number;
}

/** What is wrong with a sum, as a part of a sentence; undefined if nothing is. */
type Check = (values: Float64Array, over: CountedOver) => string | undefined;

/** Sums of float32 are off by so much. */
const ROUNDING = 1e-4;

const notWhole = (values: Float64Array) =>
  values.some((count) => !Number.isSafeInteger(count) || count < 0)
    ? 'has a count that is not a whole number from 0 on'
    : undefined;

/** Each group of values counts so many. */
function totals(groups: readonly Float64Array[], expected: number): string | undefined {
  const wrong = groups.map(total).find((count) => count !== expected);
  return wrong === undefined ? undefined : `counts ${wrong}, expected ${expected}`;
}

const between =
  (lowest: number, most: (over: CountedOver) => number): Check =>
  (values, over) => {
    const highest = most(over) * (1 + ROUNDING);
    const wrong = values.find((value) => value < lowest || value > highest);
    return wrong === undefined ? undefined : `is ${wrong}, expected a number from ${lowest} to ${highest}`;
  };

const calibration: Check = (values, { examples }) => {
  const [all, predicted, right] = rowsOf(values, CALIBRATION_BINS) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const problem = notWhole(all) ?? notWhole(right);
  if (problem !== undefined) return problem;
  // Of labels, each example counts once for each of them.
  if (total(all) === 0 || total(all) % examples !== 0) return totals([all], examples);
  const beyond = all.findIndex((count, bin) => {
    const [sum, so] = [predicted[bin] as number, right[bin] as number];
    return so > count || sum < 0 || sum > count * (1 + ROUNDING);
  });
  return beyond < 0 ? undefined : `has more in bin ${beyond} than its examples`;
};

const any = () => Number.POSITIVE_INFINITY;
const checks: Readonly<Record<string, Check>> = {
  confusion: (values, { counted }) => notWhole(values) ?? totals([values], counted),
  outcomes: (values, { examples }) =>
    notWhole(values) ?? totals(columnsOf(values, values.length / 4), examples),
  scores: (values, { examples }) => notWhole(values) ?? totals(rowsOf(values, 2 * SCORE_BINS), examples),
  correct: (values, over) => notWhole(values) ?? between(0, ({ counted }) => counted)(values, over),
  exact: (values, over) => notWhole(values) ?? between(0, ({ examples }) => examples)(values, over),
  calibration,
  brier: between(0, ({ examples }) => 2 * examples),
  squares: between(0, any),
  absolute: between(0, any),
  targetSquares: between(0, any),
};

/** In a line; undefined if the sums can be those of so many examples. */
export function sharedSumsProblem(
  shared: SharedSums,
  examples: number,
  { sizes, mostUnits }: MeasuredSums,
): string | undefined {
  const { counted } = shared;
  if (counted > examples * mostUnits || (mostUnits === 1 && counted !== examples)) {
    return `they count ${counted} units of ${examples} examples, expected at most ${mostUnits} for each`;
  }
  for (const [name, { size, places, values }] of Object.entries(shared.sums)) {
    if (sizes[name] !== size) {
      return `"${name}" has ${size} values, expected ${sizes[name] ?? `one of ${Object.keys(sizes).join(', ')}`}`;
    }
    const isInOrder = places.every((place, k) => place < size && place > (places[k - 1] ?? -1));
    if (!isInOrder || places.length !== values.length) {
      return `"${name}" has ${values.length} values at ${places.length} places, expected one for each, in order`;
    }
  }
  const whole = sumsOfShared(shared);
  for (const [name, values] of Object.entries(whole)) {
    const problem = checks[name]?.(values, { examples, counted });
    if (problem !== undefined) return `"${name}" ${problem}`;
  }
  return undefined;
}

const total = (values: Float64Array) => values.reduce((all, value) => all + value, 0);

const rowsOf = (values: Float64Array, length: number) =>
  Array.from({ length: values.length / length }, (_, row) =>
    values.subarray(row * length, (row + 1) * length),
  );

const columnsOf = (values: Float64Array, columns: number) =>
  Array.from({ length: columns }, (_, column) => values.filter((_, at) => at % columns === column));
