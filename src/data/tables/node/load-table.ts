/**
 * Loads the tables of settings: one that is dealt out, a coordinator's or a participant's own, or
 * one for each site of a simulation. Node only.
 */
import { type RandomStream, randomStream } from '../../../base/random.js';
import { closeDatasets, type Dataset, subset, type TrainTestSplit, withoutExamples } from '../../dataset.js';
import { pagedParts } from '../../paged-parts.js';
import { isPaged, type Paging } from '../../paged-values.js';
import { clustersOf } from '../../partition/clusters.js';
import { holdOut } from '../../partition/partition.js';
import { strataOf } from '../../partition/strata.js';
import { type TableSettings, tableSpec } from '../column-specs.js';
import { requireNames, tableDatasets } from '../table-dataset.js';
import type { ReadTable } from '../table-reader.js';
import { type ReadTableOptions, readTable } from './read-table.js';

/** The part of a table that is held out for the test. */
const TEST_FRACTION = 0.2;

type Options = Omit<ReadTableOptions, 'separator' | 'decimal' | 'encoding'>;

/** The tables, with one meaning for all: categories without names have those of all tables. */
export async function loadTables(
  files: readonly string[],
  settings: TableSettings,
  options: Options,
): Promise<Dataset[]> {
  const spec = tableSpec(settings);
  const { separator, decimal, encoding } = settings;
  const tables: ReadTable[] = [];
  try {
    for (const file of files)
      tables.push(await readTable(file, spec, { separator, decimal, encoding, ...options }));
    return tableDatasets(spec, tables, options.paging);
  } catch (error) {
    for (const { numbers, categories } of tables)
      for (const values of [numbers, categories]) if (isPaged(values)) values.close();
    throw error;
  }
}

/**
 * A participant's or a coordinator's own table, in a federation whose categories have names.
 * @throws DataError when names are not declared
 */
export async function loadOwnTable(
  file: string,
  settings: TableSettings,
  options: Options,
): Promise<Dataset> {
  requireNames(tableSpec(settings));
  return (await loadTables([file], settings, options))[0] as Dataset;
}

/** A fifth is for the test, by a seed. The table is given back. */
export function splitTable(dataset: Dataset, paging?: Paging): TrainTestSplit {
  const split = heldOutRows(dataset, TEST_FRACTION, randomStream(0, 'test hold-out'), paging);
  closeDatasets(dataset);
  return split;
}

/** A part of each class is for the test; the rows of a group are on one side. */
export function heldOutRows(
  dataset: Dataset,
  fraction: number,
  stream: RandomStream,
  paging?: Paging,
): TrainTestSplit {
  const { groups, count } = strataOf(dataset);
  const clusters = dataset.clusters && clustersOf(dataset.clusters);
  const own = clusters === undefined ? groups : Array.from(clusters.first, (row) => groups[row] as number);
  const all = Uint32Array.from({ length: own.length }, (_, at) => at);
  const parts = holdOut(all, own, count, fraction, stream);
  const rowsOf = (places: Uint32Array) => clusters?.members(places) ?? places;
  if (paging !== undefined && dataset.inputs.some(({ values }) => isPaged(values))) {
    const [train, test] = pagedParts(dataset, rowsOf(parts.validation), paging);
    return { train, test };
  }
  const part = (places: Uint32Array) =>
    places.length === 0 ? withoutExamples(dataset) : subset(dataset, rowsOf(places));
  return { train: part(parts.train), test: part(parts.validation) };
}
