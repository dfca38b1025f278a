/** The rows of tables on which a model is measured: a table of one's own, or those of its run. */
import { closeDatasets, type Dataset } from '../../data/dataset.js';
import { type LoadDataOptions, loadRecordedData } from '../../data/node/load-data.js';
import { SITES } from '../../data/settings.js';
import { loadLearnedRows } from '../../data/tables/node/load-rows.js';
import { parseConfiguration } from '../../protocol/configuration/configuration.js';
import { UsageError } from '../terminal/error.js';
import type { OpenedTableModel } from './open-table-model.js';
import { settingsOfRun } from './settings-of-run.js';

export interface TestRowsFlags {
  /** A table, all of whose rows are taken. */
  readonly dataset?: string | undefined;
  /** Where the tables of the run lie now. */
  readonly data?: string | undefined;
}

export interface TestRows {
  readonly test: Dataset;
  readonly name: string;
  readonly part: 'test' | 'whole';
}

/**
 * @param path the file of the model
 * @throws UsageError when the settings of its run are not beside it, or it had no test rows
 */
export async function testRows(
  path: string,
  { facts, settings }: OpenedTableModel,
  { dataset, data }: TestRowsFlags,
  options: LoadDataOptions,
): Promise<TestRows> {
  if (settings === undefined) {
    throw new UsageError(`"${path}" does not say what of a table it has learned`, {
      hint: 'the configuration.yaml of its run does: put the model into the folder of the run',
    });
  }
  if (dataset !== undefined) {
    return { test: await loadLearnedRows(dataset, facts, settings, options), name: dataset, part: 'whole' };
  }
  const run = parseConfiguration(await settingsOfRun(path), path);
  const name = run.dataset === SITES ? SITES : (data ?? run.dataset);
  if (run.dataset !== 'none') {
    const { train, test } = await loadRecordedData(run, data, options);
    closeDatasets(train);
    if (test.examples > 0) return { test, name, part: 'test' };
  }
  throw new UsageError(`the run of "${path}" held out no rows for the test`, {
    hint: 'name a table with --dataset',
  });
}
