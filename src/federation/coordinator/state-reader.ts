/**
 * Reads a state in pieces, from memory or from a file, so that what looks at a whole state needs no
 * more memory for a large one. Node only.
 */
import { openTensorFile } from '../../merge/files/tensor-file.js';
import { readChunk } from '../../merge/files/tensor-source.js';
import { roleOf } from '../../tensor/roles.js';
import type { StateDict, TensorEntry } from '../../tensor/state-dict.js';

export interface StateReader {
  /** `count` values of a tensor from its value `at` on, until the next piece is read. */
  read(tensor: TensorEntry, at: number, count: number): Float32Array;
  close(): Promise<void>;
}

export const readerOf = ({ data }: StateDict): StateReader => ({
  read: ({ offset }, at, count) => data.subarray(offset + at, offset + at + count),
  close: async () => {},
});

/** @throws MergeError when it cannot be read; TensorError when it is no safetensors file */
export async function openState(path: string): Promise<StateReader> {
  const file = await openTensorFile(path);
  return {
    read({ name }, at, count) {
      if (roleOf(name) === 'counter') {
        const bytes = readChunk(
          file,
          { name, dtype: 'I64', at: 8 * at, bytes: 8 * count },
          new Uint8Array(8 * count),
        );
        return Float32Array.from(new BigInt64Array(bytes.buffer), Number);
      }
      const values = new Float32Array(count);
      readChunk(file, { name, dtype: 'F32', at: 4 * at, bytes: 4 * count }, new Uint8Array(values.buffer));
      return values;
    },
    close: () => file.handle.close(),
  };
}
