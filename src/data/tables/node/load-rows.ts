/** Loads the rows of a table for a model: to be predicted, or to measure it by their targets. */
import {
  type Column,
  type ColumnFacts,
  closeDatasets,
  type DataFacts,
  type Dataset,
  describeMeant,
} from '../../dataset.js';
import { DataError } from '../../error.js';
import { type TableSettings, tableSpec } from '../column-specs.js';
import { columnsOfModel, inputsAlone, learnedColumns } from '../model-columns.js';
import { tableDatasets } from '../table-dataset.js';
import { type ReadTableOptions, readTable } from './read-table.js';

/** Those of a large table lie in a file, which `closeDatasets` gives back. */
export interface TableRows {
  readonly rows: number;
  /** What the model reads, in its order. */
  readonly inputs: readonly Column[];
  /** The cells of the column of groups, if the settings name one and the table has it. */
  readonly group?: { readonly name: string; cell(row: number): string } | undefined;
}

type Options = Pick<ReadTableOptions, 'onNotice' | 'onProgress' | 'signal' | 'paging'>;

/**
 * All rows, with or without a target.
 * @param inputs the columns of the model
 * @param settings those that the model was trained by, where they are known
 * @throws DataError when there is no such table, a column is missing, or a cell is wrong
 */
export async function loadRows(
  file: string,
  inputs: readonly ColumnFacts[],
  settings: TableSettings | undefined,
  options: Options,
): Promise<TableRows> {
  const { separator, decimal, encoding } = settings ?? {};
  const group = settings && tableSpec(settings).group;
  const spec = inputsAlone(columnsOfModel(inputs, settings), group);
  const format = { separator, decimal, encoding };
  const table = await readTable(file, spec, { ...format, ...options, forPredictions: true });
  const [{ inputs: columns = [] } = {}] = tableDatasets(spec, [table], options.paging);
  const { rows, groups, groupCells = [] } = table;
  const cell = (row: number) => groupCells[groups?.[row] as number] as string;
  return {
    ...{ rows, inputs: columns },
    ...(group !== undefined && groups !== undefined && { group: { name: group, cell } }),
  };
}

/**
 * The rows that have a target.
 * @param settings those that the model was trained by
 * @throws DataError when there is no such table, or it does not fit the model
 */
export async function loadLearnedRows(
  file: string,
  facts: DataFacts,
  settings: TableSettings,
  options: Options,
): Promise<Dataset> {
  const { separator, decimal, encoding } = settings;
  const spec = learnedColumns(facts, settings);
  const table = await readTable(file, spec, { separator, decimal, encoding, ...options });
  const [dataset] = tableDatasets(spec, [table], options.paging) as [Dataset];
  const targets = (of: DataFacts) => of.targets.map(describeMeant).join(', ');
  if (targets(dataset) === targets(facts)) return dataset;
  closeDatasets(dataset);
  throw new DataError(
    `data: "${file}" has the target ${targets(dataset)}, but the model predicts ${targets(facts)}`,
  );
}
