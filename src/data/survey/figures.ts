/** The figures of a survey, computed from sums alone: of one owner, or of all. */
import { PAIR_SUMS, pairsAt, placesOf, type TableSurvey, type VariablePlaces } from './survey.js';
import {
  type CategoryVariable,
  cellsOf,
  missingCell,
  type NumberVariable,
  type Variable,
} from './variables.js';

export interface SurveyFigures {
  /** The number of rows that are asked about. */
  readonly rows: number;
  readonly variables: readonly VariableFigures[];
  readonly correlations: readonly Correlation[];
}

export type VariableFigures = NumberFigures | CategoryFigures;

interface CommonFigures {
  /** The rows of owners that answered for this variable; with too few rows, they do not. */
  readonly rows: number;
  readonly missing: number;
  /** For each cell, how many owners hid it: its count may be off by a few. */
  readonly hidden: readonly number[];
}

export interface NumberFigures extends CommonFigures {
  readonly variable: NumberVariable;
  readonly below: number;
  readonly above: number;
  /** Of each bin. */
  readonly counts: readonly number[];
  /** Undefined if there is no value. The deviation is that of all rows, divided by their number. */
  readonly mean: number | undefined;
  readonly deviation: number | undefined;
}

export interface CategoryFigures extends CommonFigures {
  readonly variable: CategoryVariable;
  /** Of each name. */
  readonly counts: readonly number[];
  /** The rows with a category that is not declared. */
  readonly other: number;
}

/** Pearson's, over the rows in which both are there. */
export interface Correlation {
  readonly x: string;
  readonly y: string;
  readonly rows: number;
  /** Undefined if a number has a single value, or no rows were said. */
  readonly r: number | undefined;
}

export function figuresOfSurvey(survey: TableSurvey, sums: ArrayLike<number>): SurveyFigures {
  const places = placesOf(survey);
  const variables = survey.variables.map((variable, i) =>
    variableFigures(variable, sums, places[i] as VariablePlaces),
  );
  const correlations = survey.pairs.map(([x, y], i) => {
    const at = pairsAt(survey) + i * PAIR_SUMS;
    const [rows = 0, ...of] = Array.from({ length: PAIR_SUMS }, (_, k) => sums[at + k] as number);
    return { x: x.name, y: y.name, rows, r: correlationOf(rows, of) };
  });
  return { rows: sums[0] as number, variables, correlations };
}

function variableFigures(
  variable: Variable,
  sums: ArrayLike<number>,
  { counts: at, hidden: flags, sum }: VariablePlaces,
): VariableFigures {
  const size = cellsOf(variable);
  const part = (from: number) => Array.from({ length: size }, (_, cell) => sums[from + cell] as number);
  const cells = part(at);
  const rows = cells.reduce((a, b) => a + b, 0);
  const missing = cells[missingCell(variable)] as number;
  const common = { rows, missing, hidden: part(flags) };
  if (variable.kind === 'category') {
    return { ...common, variable, counts: cells.slice(0, -2), other: cells[size - 2] as number };
  }
  return {
    ...{ ...common, variable, counts: cells.slice(1, -2) },
    ...{ below: cells[0] as number, above: cells[size - 2] as number },
    ...momentsOf(variable, rows - missing, sums[sum] as number, sums[sum + 1] as number),
  };
}

function momentsOf({ centre, scale }: NumberVariable, rows: number, sum: number, squares: number) {
  if (rows === 0) return { mean: undefined, deviation: undefined };
  const mean = sum / rows;
  // Rounding may leave a little less than nothing.
  const variance = Math.max(0, squares / rows - mean * mean);
  return { mean: centre + scale * mean, deviation: scale * Math.sqrt(variance) };
}

function correlationOf(
  rows: number,
  [x = 0, y = 0, xx = 0, yy = 0, xy = 0]: readonly number[],
): number | undefined {
  const [ofX, ofY] = [rows * xx - x * x, rows * yy - y * y];
  // A number with a single value has no variance but that of rounding.
  const isFlat = ofX <= 1e-12 * rows * xx || ofY <= 1e-12 * rows * yy;
  if (rows === 0 || isFlat) return undefined;
  return Math.max(-1, Math.min(1, (rows * xy - x * y) / Math.sqrt(ofX * ofY)));
}

/** A quantile, with the edges of the bin that it lies in: the resolution of what is known. */
export interface Quantile {
  readonly value: number;
  readonly within: readonly [number, number];
}

/**
 * The value below which this part of the values lies, between the edges of its bin in proportion.
 * What is below or above all bins counts at their ends. Undefined if there is no value.
 */
export function quantileOf(
  { variable: { edges }, below, above, counts }: NumberFigures,
  part: number,
): Quantile | undefined {
  const rows = counts.reduce((a, b) => a + b, below + above);
  if (rows === 0) return undefined;
  const wanted = part * rows;
  const [least, most] = [edges[0] as number, edges.at(-1) as number];
  let before = below;
  if (wanted <= below && below > 0) return { value: least, within: [least, least] };
  for (const [bin, count] of counts.entries()) {
    if (count > 0 && wanted <= before + count) {
      const within = [edges[bin] as number, edges[bin + 1] as number] as const;
      return { value: within[0] + ((within[1] - within[0]) * (wanted - before)) / count, within };
    }
    before += count;
  }
  return { value: most, within: [most, most] };
}
