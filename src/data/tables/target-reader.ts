/** Reads what is learned of a row: a class, numbers, or labels; or that the row has none. */
import { canonicalName } from '../../base/names.js';
import { MISSING_NUMBER } from '../features.js';
import type { Meaning } from '../meaning.js';
import { type CategoryReader, categoryReader } from './category-reader.js';
import type { CellProblems } from './cell-problems.js';
import { type CellReader, MISSING_CODE, numberReader } from './cell-readers.js';
import { type Condition, type TargetSpec, targetColumns } from './column-specs.js';
import { numberOf } from './parse-number.js';

export interface TargetReader {
  readonly dtype: 'f32' | 'i32';
  readonly shape: readonly number[];
  /** One for each column of the target. */
  readonly readers: readonly CellReader[];
  isMissing(value: number): boolean;
  /** The names of classes as they were read; undefined if they are declared, or there are none. */
  found(): readonly string[] | undefined;
  /** @param names of classes that were found, in the order of their numbers */
  meaning(names: readonly string[]): Meaning;
}

export function targetReader(target: TargetSpec, decimal: number, problems: CellProblems): TargetReader {
  const number = (column: Parameters<typeof numberReader>[0]) =>
    numberReader(column, decimal, problems, { known: 0, outside: 0, firstOutside: undefined, firstLine: 0 });
  if (target.kind === 'numbers' || (target.kind === 'value' && target.column.value.kind !== 'category')) {
    const columns = target.kind === 'numbers' ? target.columns : [target.column];
    const value = columns[0]?.value;
    const unit = value?.kind === 'number' ? value.unit : undefined;
    return {
      dtype: 'f32',
      shape: target.kind === 'numbers' ? [columns.length] : [],
      readers: columns.map(number),
      isMissing: (value) => value === MISSING_NUMBER,
      found: () => undefined,
      meaning: () => ({ kind: 'number', ...(unit !== undefined && { unit }) }),
    };
  }
  const codes = {
    dtype: 'i32' as const,
    isMissing: (value: number) => value === MISSING_CODE,
    found: (): readonly string[] | undefined => undefined,
  };
  if (target.kind === 'positive') {
    const { names } = target;
    return {
      ...codes,
      shape: [],
      readers: [positiveReader(target, problems)],
      meaning: () => ({ kind: 'categories', names }),
    };
  }
  if (target.kind === 'labels') {
    return {
      ...codes,
      shape: [target.columns.length],
      readers: target.columns.map((column) => labelReader(categoryReader(column, problems, true))),
      meaning: () => ({ kind: 'categories', names: ['0', '1'] }),
    };
  }
  const reader = categoryReader(target.column, problems, true);
  const isDeclared = target.column.value.kind === 'category' && target.column.value.names !== undefined;
  return {
    ...codes,
    shape: [],
    readers: [reader],
    found: () => (isDeclared ? undefined : reader.names()),
    meaning: (found) => ({ kind: 'categories', names: isDeclared ? reader.names() : found }),
  };
}

/** Programs write labels as numbers or as truth values. */
const labelReader = (reader: CategoryReader): CellReader => ({
  readCells: reader.readCells,
  readValue: (value) => reader.readValue(typeof value === 'boolean' ? Number(value) : value),
});

/** 1 where the condition holds, 0 where it does not. */
function positiveReader(
  target: Extract<TargetSpec, { kind: 'positive' }>,
  problems: CellProblems,
): CellReader {
  const { column, condition, missing } = target;
  const [name = column] = targetColumns(target);
  // Each different cell is decided once.
  const cells = categoryReader({ name, value: { kind: 'category', names: undefined, missing } }, problems);
  const isNumeric = condition.operator.startsWith('<') || condition.operator.startsWith('>');
  /** By the code of a cell: 1 or 0, or UNDECIDED if it is no number. */
  const decided: number[] = [];
  const decide = (code: number): number => {
    if (code === MISSING_CODE) return code;
    const text = cells.names()[code] as string;
    decided[code] ??= isNumeric && Number.isNaN(numberOf(text)) ? UNDECIDED : Number(holds(condition, text));
    if (decided[code] !== UNDECIDED) return decided[code];
    problems.add({
      column,
      expected: `a number, which "${condition.operator} ${condition.value}" asks for`,
      got: text,
    });
    return MISSING_CODE;
  };
  return {
    readCells(records, place, values, at, step) {
      cells.readCells(records, place, values, at, step);
      for (let record = 0, to = at; record < records.count; record++, to += step) {
        const code = values[to] as number;
        const known = decided[code];
        if (known !== undefined && known !== UNDECIDED) {
          values[to] = known;
          continue;
        }
        problems.line = records.lines[record] as number;
        values[to] = decide(code);
      }
    },
    readValue: (value) => decide(cells.readValue(value)),
  };
}

const UNDECIDED = -2;

function holds({ operator, value }: Condition, text: string): boolean {
  const [a, b] = [numberOf(text), numberOf(value)];
  const isSame = Number.isNaN(a) || Number.isNaN(b) ? text === canonicalName(value) : a === b;
  switch (operator) {
    case '=':
      return isSame;
    case '!=':
      return !isSame;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
  }
}
