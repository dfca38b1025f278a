/**
 * State dicts as safetensors files, in memory: what PyTorch's and Hugging Face's tools read and write. Multi-byte values
 * lie little-endian, as on every machine that runs ONNX Runtime, so that bytes are copied as they are.
 */

import { requireArray } from './arrays.js';
import { TensorError } from './error.js';
import { bf16ToF32, f16ToF32 } from './half.js';
import {
  formatSafetensorsHeader,
  parseSafetensorsHeader,
  type SafetensorsEntry,
  type SafetensorsMetadata,
} from './safetensors-header.js';
import { checkState, layoutSize, type StateDict, stateLayout } from './state-dict.js';

/**
 * The bytes of a safetensors file with this state, as F32, in the order of its table. The same state and metadata give
 * the same bytes.
 */
export function encodeSafetensors(
  state: StateDict,
  metadata: SafetensorsMetadata = {},
): Uint8Array<ArrayBuffer> {
  checkState(state, 'safetensors: the state to be written');
  const entries = state.layout.map(
    ({ name, shape, offset, size }): SafetensorsEntry => ({
      name,
      dtype: 'F32',
      shape,
      begin: 4 * offset,
      end: 4 * (offset + size),
    }),
  );
  const header = formatSafetensorsHeader(entries, metadata);
  const bytes = new Uint8Array(header.length + state.data.byteLength);
  bytes.set(header);
  bytes.set(new Uint8Array(state.data.buffer, state.data.byteOffset, state.data.byteLength), header.length);
  return bytes;
}

/**
 * The state and metadata of a safetensors file. F32 is taken bit for bit; F16 and BF16 are widened, F64 is rounded
 * (beyond float32's range, to an infinity).
 * @param fileName what error messages call the file
 * @throws TensorError when the file is invalid or cut short, or has a tensor that is not of floating-point numbers.
 */
export function decodeSafetensors(
  bytes: Uint8Array,
  fileName: string,
): { readonly state: StateDict; readonly metadata: SafetensorsMetadata } {
  requireArray(`${fileName}: the array of its bytes`, bytes, 'Uint8Array');
  const { entries, metadata, dataStart } = parseSafetensorsHeader(bytes, fileName);
  const layout = stateLayout(entries.map(({ name, shape }) => [name, shape] as const));
  const data = new Float32Array(layoutSize(layout));
  let offset = 0;
  for (const entry of entries) {
    // A copy, since nothing says that the tensor is aligned in `bytes`; not by slice, which copies nothing of a Buffer.
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
    default:
      throw new TensorError(
        `${fileName}: "${entry.name}" is ${entry.dtype}, expected F32, F16, BF16 or F64 in a state dict`,
      );
  }
}
