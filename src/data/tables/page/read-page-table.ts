/** Reads a participant's table from a file that was chosen in a page. For pages. */
import type { Dataset } from '../../dataset.js';
import { type PageFile, readPageFile } from '../../page/page-files.js';
import { checkPageFile, type PagePiecesOptions, pagePieces } from '../../page/page-pieces.js';
import { type ByteSource, isParquet } from '../../parquet/parquet-file.js';
import { type TableSettings, tableSpec } from '../column-specs.js';
import { readParquet } from '../parquet/parquet-table.js';
import { requireNames, tableDatasets } from '../table-dataset.js';
import { textTableReader } from '../text-table.js';

export interface PageTableOptions extends PagePiecesOptions {
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/**
 * The data set that `join` makes of the same file.
 * @throws DataError when it is no table, or has other columns or cells than expected; the signal's
 * reason when it is aborted
 */
export async function readPageTable(
  chosen: PageFile,
  settings: TableSettings,
  { onNotice, ...options }: PageTableOptions,
): Promise<Dataset> {
  const spec = tableSpec(settings);
  requireNames(spec);
  const { separator, decimal, encoding } = settings;
  const name = chosen.path.slice(chosen.path.lastIndexOf('/') + 1);
  if (isParquet(name)) {
    checkPageFile(chosen, options);
    const { signal, onProgress } = options;
    const own = { onNotice, signal, onRows: onProgress };
    return tableDatasets(spec, [await readParquet(name, sourceOf(chosen), spec, own)])[0] as Dataset;
  }
  const table = textTableReader(name, spec, { separator, decimal, encoding, onNotice });
  for await (const piece of pagePieces(chosen, options)) table.push(piece);
  return tableDatasets(spec, [table.finish()])[0] as Dataset;
}

const sourceOf = (chosen: PageFile): ByteSource => ({
  byteLength: chosen.file.size,
  slice: async (start, end) => (await readPageFile(chosen, start, end)).buffer,
});
