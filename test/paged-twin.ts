import { type Dataset, requireHeld } from '../src/data/dataset.js';
import { pagedFileWriter } from '../src/data/paged/node/paged-file.js';
import type { ValuesKind } from '../src/data/paged-values.js';

const kinds: Readonly<Record<string, ValuesKind>> = {
  Uint8Array: 'u8',
  Int32Array: 'i32',
  Float32Array: 'f32',
};

/** The same set, with its inputs in files in this folder. */
export function pagedTwin({ name, examples, inputs, targets }: Dataset, folder: string): Dataset {
  const paged = inputs.map((column) => {
    const { values } = requireHeld(column);
    const writer = pagedFileWriter(folder, kinds[values.constructor.name]!);
    const half = values.length >> 1;
    writer.append(values.subarray(0, half));
    writer.append(values.subarray(half));
    return { ...column, values: writer.finish() };
  });
  return { name, examples, inputs: paged, targets };
}
