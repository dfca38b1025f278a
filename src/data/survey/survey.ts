/**
 * A survey: what is asked of every owner of a table, as one flat vector of sums over rows. Vectors
 * of several owners are added up number by number, and the sum is what a single table with all
 * their rows gives. The layout follows from what is declared about the columns.
 */
import type { DataFacts } from '../dataset.js';
import { cellsOf, type NumberVariable, type Variable, variablesOf } from './variables.js';

export interface TableSurvey {
  readonly variables: readonly Variable[];
  /** The pairs of numbers whose correlation is asked; empty if none is. */
  readonly pairs: readonly NumberPair[];
  readonly layout: readonly SurveyEntry[];
  /** The number of values in the vector. */
  readonly length: number;
}

export type NumberPair = readonly [NumberVariable, NumberVariable];

/** Some values of the vector. */
export interface SurveyEntry {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  /** What one row, or one owner, adds to each value: at least and at most so much. */
  readonly least: number;
  readonly most: number;
  readonly per: 'row' | 'owner';
}

export interface SurveyQuestions {
  /** The number of bins of a declared range. */
  readonly bins?: number | undefined;
  readonly correlation?: boolean | undefined;
}

/** Values of the sums over pairs: rows, x, y, x², y² and xy. */
export const PAIR_SUMS = 6;

export function surveyOf(facts: DataFacts, { bins, correlation = false }: SurveyQuestions = {}): TableSurvey {
  const variables = variablesOf(facts, bins);
  const numbers = variables.filter((variable): variable is NumberVariable => variable.kind === 'number');
  const pairs = correlation
    ? numbers.flatMap((x, i) => numbers.slice(i + 1).map((y): NumberPair => [x, y]))
    : [];
  const layout: SurveyEntry[] = [];
  let length = 0;
  const add = (name: string, size: number, least: number, most: number, per: SurveyEntry['per'] = 'row') => {
    layout.push({ name, offset: length, size, least, most, per });
    length += size;
  };
  add('rows', 1, 0, 1);
  for (const variable of variables) {
    add(`${variable.name}: counts`, cellsOf(variable), 0, 1);
    add(`${variable.name}: hidden`, cellsOf(variable), 0, 1, 'owner');
    if (variable.kind !== 'number') continue;
    add(`${variable.name}: sum`, 1, -variable.most, variable.most);
    add(`${variable.name}: squares`, 1, 0, variable.most ** 2);
  }
  for (const [x, y] of pairs) {
    const most = Math.max(x.most, y.most) ** 2;
    add(`${x.name} and ${y.name}`, PAIR_SUMS, -most, most);
  }
  return { variables, pairs, layout, length };
}

/** The places of a variable's answers in the vector, by its number in the survey. */
export function placesOf({ layout }: TableSurvey): readonly VariablePlaces[] {
  const places: VariablePlaces[] = [];
  for (const [i, { name, offset }] of layout.entries()) {
    if (!name.endsWith(': counts')) continue;
    const [hidden, sum] = [layout[i + 1], layout[i + 2]];
    places.push({ counts: offset, hidden: hidden?.offset ?? 0, sum: sum?.offset ?? 0 });
  }
  return places;
}

/** Offsets. The sum of squares stands behind the sum; categories have neither. */
export interface VariablePlaces {
  readonly counts: number;
  readonly hidden: number;
  readonly sum: number;
}

/** The offset of the sums over the first pair. */
export const pairsAt = ({ length, pairs }: TableSurvey): number => length - pairs.length * PAIR_SUMS;

/** The sum of what several owners answered; in their order, since sums are rounded. */
export function addAnswers({ length }: TableSurvey, answers: Iterable<ArrayLike<number>>): Float64Array {
  const total = new Float64Array(length);
  for (const answer of answers) {
    for (let i = 0; i < length; i++) total[i] = (total[i] as number) + (answer[i] as number);
  }
  return total;
}

/**
 * What is wrong with one owner's answer, in a line; undefined if nothing is. It is checked before
 * it counts, since one number can spoil a total.
 * @param mostRows the largest number of rows that the owner may have
 */
export function answerProblem(
  survey: TableSurvey,
  answer: ArrayLike<number>,
  mostRows: number,
): string | undefined {
  const { layout, length } = survey;
  if (answer.length !== length) return `it has ${answer.length} numbers, expected ${length}`;
  const rows = answer[0] as number;
  if (!(Number.isInteger(rows) && rows >= 0 && rows <= mostRows)) {
    return `it is of ${rows} rows, expected 0 to ${mostRows}`;
  }
  for (const { name, offset, size, least, most, per } of layout) {
    const count = per === 'row' ? rows : 1;
    for (let i = offset; i < offset + size; i++) {
      const value = answer[i] as number;
      if (value >= least * count && value <= most * count) continue;
      return `"${name}" is ${value} at index ${i - offset}, expected ${least * count} to ${most * count}`;
    }
  }
  return countsProblem(survey, answer, rows);
}

function countsProblem(survey: TableSurvey, answer: ArrayLike<number>, rows: number): string | undefined {
  const places = placesOf(survey);
  for (const [i, variable] of survey.variables.entries()) {
    const { counts } = places[i] as VariablePlaces;
    const cells = Array.from({ length: cellsOf(variable) }, (_, cell) => answer[counts + cell] as number);
    const sum = cells.reduce((a, b) => a + b, 0);
    if (cells.every(Number.isInteger) && (sum === rows || sum === 0)) continue;
    return `the counts of "${variable.name}" are ${sum} rows, expected whole numbers that add up to ${rows}`;
  }
  return undefined;
}
