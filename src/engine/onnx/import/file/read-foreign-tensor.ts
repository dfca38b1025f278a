/**
 * Reads a tensor of a file: its values lie in one of several fields, by their type, or in a file
 * beside (external data), of which the caller reads a range.
 */

import { bf16ToF32, f16ToF32 } from '../../../../tensor/half.js';
import { sizeOf } from '../../../../tensor/shape.js';
import { type ElementKind, type ForeignTensor, quotedText } from './foreign-model.js';
import { OnnxError, readForeignMessage } from './read-message.js';

/** Reads bytes of a file beside the model; `length` is that of the tensor. */
export type ReadBeside = (file: string, offset: number, length: number) => Uint8Array;

const TENSOR = {
  extents: [1, 'int', 'many'],
  type: [2, 'int'],
  floats: [4, 'float', 'many'],
  ints: [5, 'int', 'many'],
  texts: [6, 'bytes', 'many'],
  longs: [7, 'int', 'many'],
  name: [8, 'text'],
  raw: [9, 'bytes'],
  doubles: [10, 'double', 'many'],
  unsigned: [11, 'int', 'many'],
  external: [13, 'bytes', 'many'],
  place: [14, 'int'],
} as const;
const ENTRY = { key: [1, 'text'], value: [2, 'text'] } as const;

interface ElementType {
  readonly kind: ElementKind;
  readonly bytes: number;
  /** The field that holds its values where they are not raw bytes. */
  readonly field: 'floats' | 'ints' | 'longs' | 'doubles' | 'unsigned';
  /** From raw bytes, little endian, at the beginning of a buffer of their own. */
  decode(buffer: ArrayBuffer): ArrayLike<number | bigint>;
}

const half = (widen: (from: Uint16Array, to: Float32Array) => void) => (buffer: ArrayBuffer) => {
  const bits = new Uint16Array(buffer);
  const values = new Float32Array(bits.length);
  widen(bits, values);
  return values;
};

/** By the numbers of TensorProto.DataType; text is 8. */
const TYPES: Readonly<Record<number, ElementType>> = {
  1: { kind: 'float', bytes: 4, field: 'floats', decode: (buffer) => new Float32Array(buffer) },
  2: { kind: 'int', bytes: 1, field: 'ints', decode: (buffer) => new Uint8Array(buffer) },
  3: { kind: 'int', bytes: 1, field: 'ints', decode: (buffer) => new Int8Array(buffer) },
  4: { kind: 'int', bytes: 2, field: 'ints', decode: (buffer) => new Uint16Array(buffer) },
  5: { kind: 'int', bytes: 2, field: 'ints', decode: (buffer) => new Int16Array(buffer) },
  6: { kind: 'int', bytes: 4, field: 'ints', decode: (buffer) => new Int32Array(buffer) },
  7: { kind: 'int', bytes: 8, field: 'longs', decode: (buffer) => new BigInt64Array(buffer) },
  9: { kind: 'bool', bytes: 1, field: 'ints', decode: (buffer) => new Uint8Array(buffer) },
  10: { kind: 'float', bytes: 2, field: 'ints', decode: half(f16ToF32) },
  11: { kind: 'float', bytes: 8, field: 'doubles', decode: (buffer) => new Float64Array(buffer) },
  12: { kind: 'int', bytes: 4, field: 'unsigned', decode: (buffer) => new Uint32Array(buffer) },
  13: { kind: 'int', bytes: 8, field: 'unsigned', decode: (buffer) => new BigUint64Array(buffer) },
  16: { kind: 'float', bytes: 2, field: 'ints', decode: half(bf16ToF32) },
};
const TEXT = 8;
/** What stands for the file of a weight that is not with its graph: no file has this name. */
export const ELSEWHERE = '/elsewhere';
const EXTERNAL = 1;
/** float16 and bfloat16 have their bits in `ints`. */
const HALVES: Readonly<Record<number, (from: Uint16Array, to: Float32Array) => void>> = {
  10: f16ToF32,
  16: bf16ToF32,
};

/** @throws OnnxError when it is of no type that has a kind */
export function kindOfType(type: number, what: string): ElementKind {
  if (type === TEXT) return 'text';
  const known = TYPES[type];
  if (known !== undefined) return known.kind;
  throw new OnnxError(`onnx: ${what} is of the element type ${type}, expected real numbers`, {
    hint: 'export the model in float32, without quantization',
  });
}

/**
 * @param what the name of the tensor in errors, if it has none of its own
 * @throws OnnxError when shape and values do not fit, or its data cannot be had
 */
export function readForeignTensor(
  bytes: Uint8Array,
  what: string,
  readBeside: ReadBeside | undefined,
): ForeignTensor {
  const message = readForeignMessage(bytes, TENSOR, what);
  const name = message.name ?? '';
  if (name.length > LONGEST_NAME) {
    throw new OnnxError(
      `onnx: ${what} has a name of ${name.length} letters, expected at most ${LONGEST_NAME}`,
    );
  }
  const label = name === '' ? what : `the tensor ${quotedText(name)}`;
  const shape = message.extents.map((extent) => extentOf(extent, label));
  const size = sizeOf(shape);
  if (!(size < LARGEST)) throw new OnnxError(`onnx: ${label} has ${size} numbers, expected fewer than 2^31`);
  const type = message.type ?? 0;
  const kind = kindOfType(type, label);
  const element = TYPES[type];
  if (element === undefined) return { name, kind, shape, numbers: () => refuseTexts(label) };
  const length = size * element.bytes;
  if (message.place === EXTERNAL) {
    const range = externalRange(message.external, length, label);
    if (range.file === ELSEWHERE) {
      return { name, kind, shape, isElsewhere: true, numbers: () => refuseElsewhere(label) };
    }
    return { name, kind, shape, numbers: () => numbersOf(element, beside(range, label, readBeside)) };
  }
  const { raw } = message;
  const listed: readonly number[] = message[element.field];
  const found = raw === undefined || raw.length === 0 ? listed.length : raw.length / element.bytes;
  if (found !== size) {
    throw new OnnxError(`onnx: ${label} has ${found} numbers, expected ${size} for its shape`);
  }
  return {
    name,
    kind,
    shape,
    numbers: () =>
      raw === undefined || raw.length === 0 ? listedNumbers(type, element, listed) : numbersOf(element, raw),
  };
}

const LARGEST = 2 ** 31;
const LONGEST_NAME = 1000;

function extentOf(extent: number, label: string): number {
  if (extent >= 0 && extent < LARGEST) return extent;
  throw new OnnxError(`onnx: ${label} has an extent of ${extent}, expected one from 0 below 2^31`);
}

function refuseTexts(label: string): never {
  throw new OnnxError(`onnx: ${label} holds texts, expected numbers`);
}

function refuseElsewhere(label: string): never {
  throw new OnnxError(`onnx: the values of ${label} are not with its graph, expected a file of weights`);
}

function numbersOf({ kind, decode }: ElementType, bytes: Uint8Array): Float32Array | Float64Array {
  // A copy: the bytes of a file are not aligned.
  const values = decode(new Uint8Array(bytes).buffer);
  if (values instanceof Float32Array) return values;
  return kind === 'float' ? Float32Array.from(values as Float64Array) : whole(values);
}

function listedNumbers(
  type: number,
  { kind, field }: ElementType,
  listed: readonly number[],
): Float32Array | Float64Array {
  const widen = HALVES[type];
  const values = new Float32Array(listed.length);
  if (widen !== undefined) widen(Uint16Array.from(listed), values);
  // Bits of a float32.
  else if (field === 'floats') new Uint32Array(values.buffer).set(listed);
  else if (kind === 'float') values.set(listed);
  else return whole(listed);
  return values;
}

const whole = (values: ArrayLike<number | bigint>) =>
  Float64Array.from({ length: values.length }, (_, i) => Number(values[i]));

interface Range {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

function externalRange(entries: readonly Uint8Array[], length: number, label: string): Range {
  const values = new Map<string, string>();
  for (const entry of entries) {
    const { key = '', value = '' } = readForeignMessage(entry, ENTRY, `the external data of ${label}`);
    values.set(key, value);
  }
  const offset = Number(values.get('offset') ?? 0);
  const stated = Number(values.get('length') ?? length);
  if (!Number.isSafeInteger(offset) || offset < 0 || stated !== length) {
    throw new OnnxError(
      `onnx: ${label} has ${stated} bytes from ${offset} on in another file, expected ${length} for its shape`,
    );
  }
  return { file: values.get('location') ?? '', offset, length };
}

function beside(
  { file, offset, length }: Range,
  label: string,
  readBeside: ReadBeside | undefined,
): Uint8Array {
  if (readBeside === undefined) {
    throw new OnnxError(
      `onnx: ${label} lies in the file ${quotedText(file)} beside, expected it in the model`,
      {
        hint: 'export the model as one file (external_data=False)',
      },
    );
  }
  const bytes = readBeside(file, offset, length);
  if (bytes.length === length) return bytes;
  throw new OnnxError(
    `onnx: ${label} has ${bytes.length} bytes in ${quotedText(file)}, expected ${length} from ${offset} on`,
    { hint: 'copy the file with the data anew' },
  );
}
