/**
 * The file of a state whose weights are coded: a safetensors file with the parts of each weight
 * tensor, and statistics and counters as they are. Tensors are in the order of the layout, those of
 * larger elements first, so that all are aligned. The same state, base and codec give the same
 * bytes; the plain codec gives those of `encodeSafetensors`.
 */
import { TensorError } from '../../base/error.js';
import type { TakeTurn } from '../../base/turns.js';
import { countersFromI64, countersToI64 } from '../../tensor/counters.js';
import { type Dtype, dtypeBytes } from '../../tensor/dtype.js';
import { roleOf } from '../../tensor/roles.js';
import { decodeSafetensors } from '../../tensor/safetensors.js';
import {
  formatSafetensorsHeader,
  parseSafetensorsHeader,
  type SafetensorsEntry,
  type SafetensorsMetadata,
} from '../../tensor/safetensors-header.js';
import { formatShape, sameShape, sizeOf } from '../../tensor/shape.js';
import {
  arrangeState,
  layoutSize,
  type StateDict,
  type StateLayout,
  type TensorEntry,
} from '../../tensor/state-dict.js';
import { type Codec, type PartValues, partArrays } from './codec.js';
import { plain } from './plain.js';

/**
 * The tensors of such a file, with their offsets. @throws TensorError when two would have the same
 * name
 */
export function codedEntries(layout: StateLayout, codec: Codec): readonly SafetensorsEntry[] {
  const tensors = layout.flatMap((tensor) => partsOf(tensor, codec));
  const names = new Set<string>();
  for (const { name } of tensors) {
    if (names.has(name))
      throw new TensorError(`codec "${codec.name}": two tensors of its file are "${name}"`);
    names.add(name);
  }
  let end = 0;
  return tensors
    .toSorted((a, b) => dtypeBytes[b.dtype] - dtypeBytes[a.dtype])
    .map(({ name, dtype, shape }) => {
      const begin = end;
      end += dtypeBytes[dtype] * sizeOf(shape);
      return { name, dtype, shape, begin, end };
    });
}

/** The most bytes of such a file or of a plain one, without the header. */
export const mostBytes = (layout: StateLayout, codec: Codec): number =>
  Math.max(...[plain, codec].map((one) => codedEntries(layout, one).at(-1)?.end ?? 0));

/** @param base the state at the start; zeros if it is left out */
export function encodeState(
  { layout, data }: StateDict,
  base: StateDict | undefined,
  codec: Codec,
  metadata: SafetensorsMetadata = {},
): Uint8Array<ArrayBuffer> {
  const entries = codedEntries(layout, codec);
  const header = formatSafetensorsHeader(entries, metadata);
  const bytes = new Uint8Array(header.length + (entries.at(-1)?.end ?? 0));
  bytes.set(header);
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  for (const tensor of layout) {
    const values = data.subarray(tensor.offset, tensor.offset + tensor.size);
    const arrays = encodeTensor(tensor, values, baseOf(tensor, base), codec);
    partsOf(tensor, codec).forEach(({ name }, k) => {
      const { begin = 0, end = 0 } = byName.get(name) ?? {};
      const array = arrays[k];
      if (array?.byteLength !== end - begin) {
        throw new TensorError(
          `codec "${codec.name}": its part "${name}" has ${array?.byteLength} bytes, expected ${end - begin}`,
        );
      }
      bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), header.length + begin);
    });
  }
  return bytes;
}

/** A state after it was encoded and decoded. */
export function asItArrives(state: StateDict, base: StateDict | undefined, codec: Codec): StateDict {
  if (codec === plain) return state;
  return decodeState(encodeState(state, base, codec), state.layout, base, codec, 'its file');
}

/**
 * @param base the state at the start; zeros if it is left out
 * @throws TensorError when the file is not one of this codec and these tensors
 */
export function decodeState(
  bytes: Uint8Array,
  layout: StateLayout,
  base: StateDict | undefined,
  codec: Codec,
  fileName: string,
): StateDict {
  const data = new Float32Array(layoutSize(layout));
  const coded = codedBytes(bytes, fileName);
  for (const [tensor, values] of decodedTensors(coded, layout, (entry) => baseOf(entry, base), codec)) {
    data.set(values, tensor.offset);
  }
  return { layout, data };
}

/** The same, with a turn for other work of the thread between two tensors when it is due. */
export async function decodeStateInTurns(
  bytes: Uint8Array,
  layout: StateLayout,
  base: StateDict | undefined,
  codec: Codec,
  fileName: string,
  takeTurn: TakeTurn,
): Promise<StateDict> {
  const data = new Float32Array(layoutSize(layout));
  const coded = codedBytes(bytes, fileName);
  for (const [tensor, values] of decodedTensors(coded, layout, (entry) => baseOf(entry, base), codec)) {
    data.set(values, tensor.offset);
    await takeTurn();
  }
  return { layout, data };
}

/** A file of coded tensors that is read in pieces. */
export interface CodedFile {
  /** In errors. */
  readonly name: string;
  readonly entries: readonly SafetensorsEntry[];
  /** The bytes of one of its tensors, which the caller may keep. */
  read(entry: SafetensorsEntry): ArrayBuffer;
}

function codedBytes(bytes: Uint8Array, name: string): CodedFile {
  const { entries, dataStart } = parseSafetensorsHeader(bytes, name);
  return {
    ...{ name, entries },
    // A copy: nothing says that the tensor is aligned in `bytes`.
    read: ({ begin, end }) => new Uint8Array(bytes.subarray(dataStart + begin, dataStart + end)).buffer,
  };
}

/**
 * Decodes one tensor after the other, in the order of the layout.
 * @param began what a tensor was when the round began
 * @throws TensorError when the file is not one of this codec and these tensors
 */
export function* decodedTensors(
  { name: fileName, entries, read }: CodedFile,
  layout: StateLayout,
  began: (tensor: TensorEntry) => Float32Array,
  codec: Codec,
): Generator<readonly [tensor: TensorEntry, values: Float32Array]> {
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  for (const tensor of layout) {
    const raw = partsOf(tensor, codec).map((part) => {
      const entry = sameEntry(byName.get(part.name), part, fileName);
      byName.delete(part.name);
      return read(entry);
    });
    yield [tensor, decodeTensor(tensor, raw, began(tensor), codec, fileName)];
  }
  const [extra] = byName.keys();
  if (extra !== undefined) throw new TensorError(`${fileName}: "${extra}" is not expected`);
}

/** The file of a model, which names its codec in its metadata unless that is plain. */
export function encodeCodedModel(
  model: StateDict,
  codec: Codec,
  metadata: SafetensorsMetadata,
): Uint8Array<ArrayBuffer> {
  const named = codec === plain ? metadata : { ...metadata, codec: codec.name };
  return encodeState(model, undefined, codec, named);
}

/**
 * @param codec the codec of merged models; a model to start from and an average are plain
 * @throws TensorError when the file is not one of these tensors
 */
export function decodeCodedModel(
  bytes: Uint8Array,
  layout: StateLayout,
  codec: Codec,
  fileName: string,
): StateDict {
  const { metadata } = parseSafetensorsHeader(bytes, fileName);
  if (metadata.codec === undefined) {
    return arrangeState(decodeSafetensors(bytes, fileName).state, layout, fileName);
  }
  if (metadata.codec === codec.name) return decodeState(bytes, layout, undefined, codec, fileName);
  throw new TensorError(`${fileName}: its codec is "${metadata.codec}", expected "${codec.name}", or none`);
}

/** The tensors of the file that encode one tensor of the state. */
function partsOf(
  { name, shape }: TensorEntry,
  codec: Codec,
): readonly Omit<SafetensorsEntry, 'begin' | 'end'>[] {
  const role = roleOf(name);
  if (role !== 'weight') return [{ name, shape, dtype: role === 'counter' ? 'I64' : 'F32' }];
  return codec.parts(shape).map((part) => ({ ...part, name: `${name}${part.suffix}` }));
}

const baseOf = ({ offset, size }: TensorEntry, base: StateDict | undefined) =>
  base?.data.subarray(offset, offset + size) ?? new Float32Array(size);

function encodeTensor(
  { name }: TensorEntry,
  values: Float32Array,
  base: Float32Array,
  codec: Codec,
): readonly (PartValues | BigInt64Array)[] {
  const role = roleOf(name);
  if (role === 'counter') return [countersToI64(values, name)];
  return role === 'weight' ? codec.encode(values, base) : [values];
}

function decodeTensor(
  tensor: TensorEntry,
  raw: readonly ArrayBuffer[],
  base: Float32Array,
  codec: Codec,
  fileName: string,
): Float32Array {
  const { name, shape, size } = tensor;
  const role = roleOf(name);
  const [only] = raw as [ArrayBuffer];
  if (role === 'counter') return countersFromI64(new BigInt64Array(only), name, fileName);
  if (role !== 'weight') return new Float32Array(only);
  const what = `${fileName}: "${name}" cannot be decoded by the codec "${codec.name}"`;
  const parts = codec.parts(shape).map(({ dtype }, k) => new partArrays[dtype](raw[k] as ArrayBuffer));
  let values: Float32Array;
  try {
    values = codec.decode(parts, base);
  } catch (cause) {
    throw new TensorError(`${what}: ${(cause as Error).message}`, { cause });
  }
  if (values.length === size) return values;
  throw new TensorError(`${what}: it has ${values.length} numbers, expected ${size}`);
}

function sameEntry(
  entry: SafetensorsEntry | undefined,
  { name, dtype, shape }: { readonly name: string; readonly dtype: Dtype; readonly shape: readonly number[] },
  fileName: string,
): SafetensorsEntry {
  if (entry === undefined) throw new TensorError(`${fileName}: "${name}" is missing`);
  if (entry.dtype !== dtype) {
    throw new TensorError(`${fileName}: "${name}" is ${entry.dtype}, expected ${dtype}`);
  }
  if (sameShape(entry.shape, shape)) return entry;
  throw new TensorError(
    `${fileName}: "${name}" is ${formatShape(entry.shape)}, expected ${formatShape(shape)}`,
  );
}
