/** The columns that a model reads → what is read of a table. A target is not looked at. */
import { type ColumnFacts, categoriesOf, type DataFacts } from '../dataset.js';
import type { Feature } from '../features.js';
import { type ColumnSpecOfTable, type TableSettings, type TableSpec, tableSpec } from './column-specs.js';

/** The features in the order in which a table has them: numbers, then categories. */
const featuresIn = (inputs: readonly ColumnFacts[]): readonly Feature[] =>
  inputs.flatMap(({ meaning }) => (meaning.kind === 'features' ? meaning.features : []));

/** Whether rows of a table are all that a model reads. */
export const readsTable = (inputs: readonly ColumnFacts[]): boolean =>
  inputs.length > 0 && inputs.every(({ meaning }) => meaning.kind === 'features');

/**
 * @param settings those that the model was trained by, where they are known: they say more about
 * columns than a model does, such as which words stand for a missing value
 */
export function columnsOfModel(
  inputs: readonly ColumnFacts[],
  settings: TableSettings | undefined,
): TableSpec['columns'] {
  const declared = settings && tableSpec(settings).columns;
  return featuresIn(inputs).map((feature) => {
    const known = declared?.find(({ name }) => name === feature.name);
    const isCategory = feature.kind === 'category';
    if (known === undefined || (known.value.kind === 'category') !== isCategory) return columnOf(feature);
    return feature.kind === 'category'
      ? { ...known, value: { ...known.value, kind: 'category', names: feature.names } }
      : known;
  });
}

function columnOf(feature: Feature): ColumnSpecOfTable {
  const { name } = feature;
  const missing = (feature.missing ?? []).map(String);
  if (feature.kind === 'category')
    return { name, value: { kind: 'category', names: feature.names, missing } };
  const { unit, range } = feature;
  // In a model, a day is a number of days.
  return { name, value: { kind: 'number', unit, range, orDay: unit === 'days', missing } };
}

/** Reads what the model reads and what it has learned, by the settings that it was trained by. */
export function learnedColumns(facts: DataFacts, settings: TableSettings): TableSpec {
  const columns = columnsOfModel(facts.inputs, settings);
  const { target } = tableSpec(settings);
  if (target.kind !== 'value' || target.column.value.kind !== 'category') return { columns, target };
  const value = { ...target.column.value, names: categoriesOf(facts) };
  return { columns, target: { ...target, column: { ...target.column, value } } };
}

/** Reads the inputs of every row, and the group where there is one. */
export const inputsAlone = (columns: TableSpec['columns'], group: string | undefined): TableSpec => ({
  ...{ columns, group },
  target: { kind: 'numbers', columns: [] },
});
