/** Settings of a table → what is read of each column, in one form for every way to write it. */
import { canonicalName } from '../../base/names.js';
import type { DataSettings } from '../settings.js';

export type TableSettings = Extract<DataSettings, { kind: 'table' }>;

/** What the cells of a column are. */
export type ValueSpec = (NumberSpec | DateSpec | CategorySpec) & {
  /** What stands for a missing value, beside the usual words. */
  readonly missing: readonly string[];
};

export interface NumberSpec {
  readonly kind: 'number';
  readonly unit?: string | undefined;
  readonly range?: readonly [number, number] | undefined;
  /** Whether a cell may be a day as well, which is read as the days since 1970-01-01. */
  readonly orDay?: boolean | undefined;
}

interface DateSpec {
  readonly kind: 'date';
}

export interface CategorySpec {
  readonly kind: 'category';
  /** Undefined where they are what the tables of a simulation have. */
  readonly names: readonly string[] | undefined;
}

export interface ColumnSpecOfTable {
  readonly name: string;
  readonly value: ValueSpec;
}

export type TargetSpec =
  | {
      readonly kind: 'positive';
      readonly column: string;
      readonly condition: Condition;
      readonly names: readonly [string, string];
      readonly missing: readonly string[];
    }
  | { readonly kind: 'value'; readonly column: ColumnSpecOfTable }
  | {
      readonly kind: 'numbers';
      readonly columns: readonly ColumnSpecOfTable[];
      readonly unit?: string | undefined;
    }
  | { readonly kind: 'labels'; readonly columns: readonly ColumnSpecOfTable[] };

/** `> 0`, or a value that a cell is. */
export interface Condition {
  readonly operator: '<' | '<=' | '>' | '>=' | '=' | '!=';
  readonly value: string;
}

export interface TableSpec {
  readonly columns: readonly ColumnSpecOfTable[];
  readonly target: TargetSpec;
  readonly group?: string | undefined;
}

export function tableSpec({ columns, target, group }: TableSettings): TableSpec {
  const specs = Object.entries(columns).map(([name, setting]) => ({
    name: columnName(name),
    value: valueSpec(setting),
  }));
  return {
    columns: specs,
    target: targetSpec(target),
    group: group === undefined ? undefined : columnName(group),
  };
}

/** As the header of a table is read: the same in both spellings of Unicode. */
export const columnName = (name: string): string => canonicalName(name.trim());

/** All columns that are read. */
export const columnNames = ({ columns, target, group }: TableSpec): readonly string[] => [
  ...columns.map(({ name }) => name),
  ...targetColumns(target),
  ...(group === undefined ? [] : [group]),
];

export function targetColumns(target: TargetSpec): readonly string[] {
  switch (target.kind) {
    case 'positive':
      return [target.column];
    case 'value':
      return [target.column.name];
    default:
      return target.columns.map(({ name }) => name);
  }
}

type ColumnSetting = TableSettings['columns'][string];

function valueSpec(setting: ColumnSetting): ValueSpec {
  if (Array.isArray(setting)) return category(setting);
  if (setting === 'category') return category(undefined);
  if (typeof setting === 'string') return { kind: setting, missing: [] };
  const missing = missingWords(setting.missing);
  if ('number' in setting) {
    const unit = typeof setting.number === 'string' ? setting.number : undefined;
    return { kind: 'number', unit, range: setting.range, missing };
  }
  if ('date' in setting) return { kind: 'date', missing };
  return category(setting.category === true ? undefined : setting.category, missing);
}

const missingWords = (words: readonly (string | number)[] = []): readonly string[] =>
  words.map((word) => canonicalName(String(word)));

const category = (
  names: readonly (string | number | boolean)[] | undefined,
  missing: readonly string[] = [],
): ValueSpec => ({
  kind: 'category',
  names: names?.map((name) => canonicalName(String(name).trim())),
  missing,
});

function targetSpec(target: TableSettings['target']): TargetSpec {
  const missing = missingWords(target.missing);
  if ('positive' in target) {
    const { positive, names } = target;
    const column = columnName(target.column);
    const condition = conditionOf(positive);
    return { kind: 'positive', column, condition, names: names ?? namesOf(column, condition), missing };
  }
  if ('classes' in target) {
    const names = target.classes === true ? undefined : target.classes;
    return { kind: 'value', column: { name: columnName(target.column), value: category(names, missing) } };
  }
  if ('labels' in target) {
    return {
      kind: 'labels',
      columns: target.columns.map((name) => ({
        name: columnName(name),
        value: category(['0', '1'], missing),
      })),
    };
  }
  const unit = typeof target.number === 'string' ? target.number : undefined;
  const value: ValueSpec = { kind: 'number', unit, missing };
  return 'column' in target
    ? { kind: 'value', column: { name: columnName(target.column), value } }
    : { kind: 'numbers', columns: target.columns.map((name) => ({ name: columnName(name), value })), unit };
}

function conditionOf(positive: string | number | boolean): Condition {
  const [, operator = '=', value = String(positive)] =
    /^\s*(<=|>=|!=|==|<|>|=)\s*(.+?)\s*$/.exec(String(positive)) ?? [];
  return { operator: (operator === '==' ? '=' : operator) as Condition['operator'], value };
}

const OPPOSITE = { '<': '>=', '<=': '>', '>': '<=', '>=': '<', '=': '!=', '!=': '=' } as const;

/** "num <= 0" and "num > 0" */
const namesOf = (column: string, { operator, value }: Condition): readonly [string, string] => [
  `${column} ${OPPOSITE[operator]} ${value}`,
  `${column} ${operator} ${value}`,
];
