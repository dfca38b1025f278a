/** What settings alone say about a table: its columns, without rows. */
import type { Dataset } from '../dataset.js';
import { CellProblems } from './cell-problems.js';
import { type TableSettings, tableSpec } from './column-specs.js';
import { requireNames, tableDatasets } from './table-dataset.js';
import { targetReader } from './target-reader.js';

/** @throws DataError when names of categories are not declared */
export function describedTable(settings: TableSettings): Dataset {
  const spec = tableSpec(settings);
  requireNames(spec);
  const target = targetReader(spec.target, 0x2e, new CellProblems('none'));
  const [described] = tableDatasets(spec, [
    {
      ...{ file: 'none', rows: 0, target },
      numbers: new Float32Array(0),
      categories: new Int32Array(0),
      targets: target.dtype === 'f32' ? new Float32Array(0) : new Int32Array(0),
      names: spec.columns.flatMap(({ value }) => (value.kind === 'category' ? [value.names ?? []] : [])),
    },
  ]);
  return described as Dataset;
}
