/** Reads the same piece of many state files at a time, tensor after tensor. Node only. */
import { floatFormat } from '../../../merge/kernels/float-format.js';
import { dtypeBytes } from '../../../tensor/dtype.js';
import type { StateLayout, TensorEntry } from '../../../tensor/state-dict.js';
import { openWeights } from '../../../tensor/weights/node/open-weights.js';
import { readChunk, type TensorSource } from '../../../tensor/weights/node/tensor-source.js';
import type { UpdateColumns } from './round-updates.js';

/** Bytes of all files together that are in memory at a time. */
const TOGETHER_BYTES = 8 * 2 ** 20;
const FEWEST_VALUES = 1024;

/**
 * @param updates their paths, in the order of the participants
 * @param starts the paths of the states they began with
 */
export async function* columnsOfFiles(
  layout: StateLayout,
  updates: readonly string[],
  starts: readonly string[],
): AsyncGenerator<UpdateColumns> {
  const opened = openWeights();
  const files = new Map<string, TensorSource>();
  try {
    for (const path of new Set([...updates, ...starts])) files.set(path, await opened.open(path));
    const most = Math.max(FEWEST_VALUES, Math.floor(TOGETHER_BYTES / 4 / files.size));
    for (const tensor of layout) {
      for (let at = 0; at < tensor.size; at += most) {
        const count = Math.min(most, tensor.size - at);
        const read = new Map([...files].map(([path, file]) => [path, valuesOfFile(file, tensor, at, count)]));
        const piece = (path: string) => read.get(path) as Float32Array;
        yield { states: updates.map(piece), bases: starts.map(piece) };
      }
    }
  } finally {
    await opened.close();
  }
}

/** Values of a tensor, the same as decoding the whole file gives. */
export function valuesOfFile(
  file: TensorSource,
  { name }: TensorEntry,
  at: number,
  count: number,
): Float32Array {
  const dtype = file.tensors.get(name)?.dtype ?? 'F32';
  const size = dtypeBytes[dtype];
  const bytes = new Uint8Array(size * count);
  readChunk(file, { name, dtype, at: size * at, bytes: bytes.length }, bytes);
  const format = floatFormat(dtype);
  // A dtype without a floating-point format is that of a counter.
  if (format === undefined) return Float32Array.from(new BigInt64Array(bytes.buffer), Number);
  const column = format.values(bytes, 0, count);
  return column instanceof Float32Array ? column : Float32Array.from(column);
}
