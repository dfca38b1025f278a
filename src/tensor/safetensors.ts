/**
 * Reads and writes state dicts as safetensors files, in memory, as PyTorch's and Hugging Face's
 * tools do. Multi-byte values are little-endian, as on every machine that runs ONNX Runtime, so
 * bytes are copied unchanged.
 */

import { TensorError } from '../base/error.js';
import { requireArray } from './arrays.js';
import { countersFromI64, countersToI64 } from './counters.js';
import { bf16ToF32, f16ToF32 } from './half.js';
import { roleOf } from './roles.js';
import {
  formatSafetensorsHeader,
  parseSafetensorsHeader,
  type SafetensorsEntry,
  type SafetensorsMetadata,
} from './safetensors-header.js';
import { checkState, layoutSize, type StateDict, stateLayout, type TensorEntry } from './state-dict.js';

/**
 * The bytes of a safetensors file with this state, as F32, in the order of its table. Counters are
 * I64 and come first, so that all tensors are aligned. The same state and metadata give the same
 * bytes.
 * @throws TensorError when a counter is not a whole number.
 */
export function encodeSafetensors(
  state: StateDict,
  metadata: SafetensorsMetadata = {},
): Uint8Array<ArrayBuffer> {
  checkState(state, 'safetensors: the state to be written');
  const isCounter = ({ name }: TensorEntry) => roleOf(name) === 'counter';
  const tensors = [...state.layout.filter(isCounter), ...state.layout.filter((entry) => !isCounter(entry))];
  let end = 0;
  const entries = tensors.map((entry): SafetensorsEntry => {
    const begin = end;
    end += (isCounter(entry) ? 8 : 4) * entry.size;
    return { name: entry.name, dtype: isCounter(entry) ? 'I64' : 'F32', shape: entry.shape, begin, end };
  });
  const header = formatSafetensorsHeader(entries, metadata);
  const bytes = new Uint8Array(header.length + end);
  bytes.set(header);
  tensors.forEach((entry, k) => {
    const values = state.data.subarray(entry.offset, entry.offset + entry.size);
    const { buffer, byteOffset, byteLength } = isCounter(entry) ? countersToI64(values, entry.name) : values;
    bytes.set(
      new Uint8Array(buffer, byteOffset, byteLength),
      header.length + (entries[k] as SafetensorsEntry).begin,
    );
  });
  return bytes;
}

/**
 * The state and metadata of a safetensors file. F32 is read bit for bit; F16 and BF16 are widened;
 * F64 is rounded (to an infinity beyond float32's range). Counters may be I64.
 * @param fileName the name of the file in errors
 * @param wanted which tensors to read; all by default
 * @throws TensorError when the file is invalid or cut short, or has a tensor that is neither
 * floating-point nor a counter that float32 can hold.
 */
export function decodeSafetensors(
  bytes: Uint8Array,
  fileName: string,
  wanted: (entry: SafetensorsEntry) => boolean = () => true,
): { readonly state: StateDict; readonly metadata: SafetensorsMetadata } {
  requireArray(`${fileName}: the array of its bytes`, bytes, 'Uint8Array');
  const { entries: all, metadata, dataStart } = parseSafetensorsHeader(bytes, fileName);
  const entries = all.filter(wanted);
  const layout = stateLayout(entries.map(({ name, shape }) => [name, shape] as const));
  const data = new Float32Array(layoutSize(layout));
  let offset = 0;
  for (const entry of entries) {
    // A copy, since the tensor may not be aligned in `bytes`. `slice` of a Buffer would not copy.
    const raw = new Uint8Array(bytes.subarray(dataStart + entry.begin, dataStart + entry.end)).buffer;
    offset += widen(entry, raw, data.subarray(offset), fileName);
  }
  return { state: { layout, data }, metadata };
}

function widen(entry: SafetensorsEntry, raw: ArrayBuffer, target: Float32Array, fileName: string): number {
  switch (entry.dtype) {
    case 'F32': {
      const values = new Uint8Array(raw);
      new Uint8Array(target.buffer, target.byteOffset, values.length).set(values);
      return values.length / 4;
    }
    case 'F16': {
      const values = new Uint16Array(raw);
      f16ToF32(values, target.subarray(0, values.length));
      return values.length;
    }
    case 'BF16': {
      const values = new Uint16Array(raw);
      bf16ToF32(values, target.subarray(0, values.length));
      return values.length;
    }
    case 'F64': {
      const values = new Float64Array(raw);
      target.set(values);
      return values.length;
    }
    case 'I64':
      if (roleOf(entry.name) !== 'counter') throw notFloat(entry, fileName);
      target.set(countersFromI64(new BigInt64Array(raw), entry.name, fileName));
      return raw.byteLength / 8;
    default:
      throw notFloat(entry, fileName);
  }
}

function notFloat(entry: SafetensorsEntry, fileName: string): TensorError {
  return new TensorError(
    `${fileName}: "${entry.name}" is ${entry.dtype}, expected F32, F16, BF16 or F64 in a state dict`,
  );
}
