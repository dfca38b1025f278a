/**
 * The header of a `.npy` file: what its numbers are, and where they begin.
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
import { TensorError } from '../../base/error.js';
import { excerpt } from '../../base/excerpt.js';
import type { Dtype } from '../dtype.js';
import type { Shape } from '../shape.js';

export interface NpyHeader {
  readonly dtype: Dtype;
  readonly littleEndian: boolean;
  /** Whether the first axis varies fastest. */
  readonly fortran: boolean;
  readonly shape: Shape;
  /** Bytes before the first number. */
  readonly dataStart: number;
}

/** More than any header that numpy writes for numbers. */
export const NPY_HEADER_BYTES = 65_536;
/** As in NumPy. */
const MOST_AXES = 64;
const MAGIC = '\x93NUMPY';

/** @throws TensorError when it is not such a file, or has other things than numbers */
export function parseNpyHeader(bytes: Uint8Array, what: string): NpyHeader {
  // TextDecoder's Latin-1 is windows-1252, which reads \x93 as a quotation mark.
  const text = Array.from(bytes.subarray(0, NPY_HEADER_BYTES), (byte) => String.fromCharCode(byte)).join('');
  if (!text.startsWith(MAGIC))
    throw new TensorError(`${what} is not a .npy file, expected its mark \\x93NUMPY`);
  const version = bytes[6] ?? 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = version === 1 ? 10 : 12;
  if (version < 1 || version > 3 || bytes.length < start) {
    throw new TensorError(`${what} is of version ${version} of .npy, expected 1, 2 or 3`);
  }
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const header = text.slice(start, start + length);
  if (header.length < length) throw new TensorError(`${what} ends within its header`);
  const shape = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  const descr = /'descr':\s*('[^']*'|\[.*\])/.exec(header)?.[1];
  if (shape === undefined || order === undefined || descr === undefined) {
    throw new TensorError(
      `${what} has the header ${excerpt(header.trim())}, expected descr, fortran_order and shape`,
    );
  }
  const extents = [...shape.matchAll(/\d+/g)].map(Number);
  if (extents.length > MOST_AXES || !extents.every(Number.isSafeInteger)) {
    throw new TensorError(
      `${what} has the shape ${excerpt(shape)}, expected at most ${MOST_AXES} axes, each below 2^53`,
    );
  }
  return {
    ...numberOf(descr, what),
    fortran: order === 'True',
    shape: extents,
    dataStart: start + length,
  };
}

/** By kind and bytes. */
const DTYPES: Readonly<Record<string, Dtype>> = {
  ...{ b1: 'BOOL', u1: 'U8', u2: 'U16', u4: 'U32', u8: 'U64', i1: 'I8', i2: 'I16', i4: 'I32', i8: 'I64' },
  ...{ f2: 'F16', f4: 'F32', f8: 'F64' },
};

function numberOf(descr: string, what: string): Pick<NpyHeader, 'dtype' | 'littleEndian'> {
  const [, order, kind = '', width] = /^'([<>|=])([a-zA-Z])(\d*)/.exec(descr) ?? [];
  const dtype = DTYPES[`${kind}${width}`];
  if (dtype !== undefined) return { dtype, littleEndian: order !== '>' };
  const others: Readonly<Record<string, string>> = {
    O: 'objects of Python, which are read by running code',
    U: 'text',
    S: 'text',
    c: 'complex numbers',
    M: 'dates',
    m: 'times',
  };
  throw new TensorError(
    `${what} holds ${others[kind] ?? `numbers of the type ${excerpt(descr)}`}, expected whole numbers, or floats of 16, 32 or 64 bits`,
    { hint: 'convert it in Python by array.astype("float32"), or number categories from 0' },
  );
}
