/** Loads the rows of a table that are to be predicted: all of them, with or without a target. */
import type { ColumnFacts, HeldColumn } from '../../dataset.js';
import type { TableSettings } from '../column-specs.js';
import { columnsOfModel, inputsAlone } from '../model-columns.js';
import { tableDatasets } from '../table-dataset.js';
import { type ReadTableOptions, readTable } from './read-table.js';

export interface TableRows {
  readonly rows: number;
  /** What the model reads, in its order. */
  readonly inputs: readonly HeldColumn[];
  /** The cells of the column of groups, if the settings name one and the table has it. */
  readonly group?: { readonly name: string; readonly cells: readonly string[] } | undefined;
}

/**
 * @param inputs the columns of the model
 * @param settings those that the model was trained by, where they are known
 * @throws DataError when there is no such table, a column is missing, or a cell is wrong
 */
export async function loadRows(
  file: string,
  inputs: readonly ColumnFacts[],
  settings: TableSettings | undefined,
  options: Pick<ReadTableOptions, 'onNotice' | 'signal'>,
): Promise<TableRows> {
  const { separator, decimal, encoding, group } = settings ?? {};
  const spec = inputsAlone(columnsOfModel(inputs, settings), group);
  const format = { separator, decimal, encoding };
  const table = await readTable(file, spec, { ...format, ...options, forPredictions: true });
  const [{ inputs: columns = [] } = {}] = tableDatasets(spec, [table]);
  const { rows, groupCells: cells } = table;
  return {
    rows,
    inputs: columns as readonly HeldColumn[],
    ...(group !== undefined && cells !== undefined && { group: { name: group, cells } }),
  };
}
