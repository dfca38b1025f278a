/**
 * Reads a whole model as a state dict, from any file of weights: tensor by tensor, so that memory
 * holds the state and a piece of the file. Node only.
 */
import { TensorError } from '../../../base/error.js';
import { listed } from '../../../base/excerpt.js';
import { turnTaker } from '../../../base/turns.js';
import { countersFromI64 } from '../../counters.js';
import { roleOf } from '../../roles.js';
import type { SafetensorsMetadata } from '../../safetensors-header.js';
import { layoutSize, type StateDict, stateLayout } from '../../state-dict.js';
import { isFloat } from '../float-dtypes.js';
import type { StoredTensor } from '../stored-tensor.js';
import { openWeights } from './open-weights.js';
import { readChunk, type TensorSource } from './tensor-source.js';

export interface ReadWeights {
  readonly state: StateDict;
  readonly metadata: SafetensorsMetadata;
  /** Sentences about what was left out, or chosen. */
  readonly notes: readonly string[];
}

const PIECE_VALUES = 1 << 18;

/**
 * F32 is read bit for bit; F16 and BF16 are widened; F64 is rounded (to an infinity beyond
 * float32's range). Counters may be I64. Other tensors of whole numbers, such as positions that are
 * computed, have no place in a state, and are left out.
 * @throws UnreadableError when a file cannot be read; TensorError when it holds no weights, is
 * damaged, or has a tensor of numbers that cannot be weights.
 */
export async function readWeights(path: string): Promise<ReadWeights> {
  const files = openWeights();
  try {
    const source = await files.open(path);
    const tensors = [...source.tensors.values()];
    const used = tensors.filter((tensor) => isUsed(tensor, path));
    const taken = new Set(used);
    const others = tensors.filter((tensor) => !taken.has(tensor)).map(({ name }) => name);
    const layout = stateLayout(used.map(({ name, shape }) => [name, shape]));
    const data = new Float32Array(layoutSize(layout));
    const takeTurn = turnTaker();
    for (const [place, { offset, size }] of layout.entries()) {
      for (let at = 0; at < size; at += PIECE_VALUES) {
        const end = Math.min(size, at + PIECE_VALUES);
        readValues(source, used[place] as StoredTensor, at, data.subarray(offset + at, offset + end));
        await takeTurn();
      }
    }
    const left = others.length > 0 ? [`"${path}": ${listed(others)}: whole numbers, left out`] : [];
    return { state: { layout, data }, metadata: source.metadata, notes: [...source.notes, ...left] };
  } finally {
    await files.close();
  }
}

const wholeNumbers = ['I64', 'I32', 'I16', 'I8', 'U64', 'U32', 'U16', 'U8', 'BOOL'];

function isUsed({ name, dtype }: StoredTensor, path: string): boolean {
  if (isFloat(dtype)) return true;
  if (dtype === 'I64' && roleOf(name) === 'counter') return true;
  if (wholeNumbers.includes(dtype)) return false;
  throw new TensorError(`${path}: "${name}" is ${dtype}, expected F32, F16, BF16 or F64 in a state dict`);
}

function readValues(
  source: TensorSource,
  { name, dtype }: StoredTensor,
  at: number,
  target: Float32Array,
): void {
  if (dtype === 'I64') {
    const counters = new BigInt64Array(target.length);
    const bytes = new Uint8Array(counters.buffer);
    readChunk(source, { name, dtype, at: 8 * at, bytes: bytes.length }, bytes);
    target.set(countersFromI64(counters, name, source.path));
    return;
  }
  const bytes = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
  readChunk(source, { name, dtype: 'F32', at: 4 * at, bytes: bytes.length }, bytes);
}
