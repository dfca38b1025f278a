/**
 * When the inputs of a set are kept in a file: if they would take more than an eighth of the memory
 * that the work may take. Both ways give the same numbers. Node only.
 */
import { cacheFolder } from '../../../base/node/cache-folder.js';
import type { Column, Dataset } from '../../dataset.js';
import type { Paging } from '../../paged-values.js';
import { pagedFileWriter, receivedValues } from './paged-file.js';

/** The part of the memory beyond which they are. The rest is for the network and its threads. */
const PART = 1 / 8;

/**
 * @param memoryBytes that the work may take
 * @param folder where files take their room: that of the run if it has one
 */
export const pagingIn = (memoryBytes: number, folder = cacheFolder('columns')): Paging => ({
  aboveBytes: memoryBytes * PART,
  writer: (kind) => pagedFileWriter(folder, kind),
});

/** The set in the thread that it was sent to. */
export function receivedDataset<Set extends Dataset>(dataset: Set): Set {
  const inputs = dataset.inputs.map((column): Column => {
    const { values } = column;
    return ArrayBuffer.isView(values) ? column : { ...column, values: receivedValues(values) };
  });
  return { ...dataset, inputs };
}
