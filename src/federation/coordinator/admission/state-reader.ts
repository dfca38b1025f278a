/**
 * Reads a state in pieces, from memory or from a file of plain numbers, so that a reader of a large
 * state needs no more memory. Node only.
 */
import { countersFromI64 } from '../../../tensor/counters.js';
import { roleOf } from '../../../tensor/roles.js';
import type { StateDict, TensorEntry } from '../../../tensor/state-dict.js';
import type { TensorFile } from '../../../tensor/weights/node/safetensors-file.js';
import { readChunk } from '../../../tensor/weights/node/tensor-source.js';

export interface StateReader {
  /** Reads `count` values of a tensor, from its value `at` on. */
  read(tensor: TensorEntry, at: number, count: number): Float32Array;
}

export const readerOf = ({ data }: StateDict): StateReader => ({
  read: ({ offset }, at, count) => data.subarray(offset + at, offset + at + count),
});

export const fileReader = (file: TensorFile): StateReader => ({
  read({ name }, at, count) {
    if (roleOf(name) === 'counter') {
      const counters = new BigInt64Array(count);
      readChunk(file, { name, dtype: 'I64', at: 8 * at, bytes: 8 * count }, new Uint8Array(counters.buffer));
      return countersFromI64(counters, name, file.path);
    }
    const values = new Float32Array(count);
    readChunk(file, { name, dtype: 'F32', at: 4 * at, bytes: 4 * count }, new Uint8Array(values.buffer));
    return values;
  },
});
