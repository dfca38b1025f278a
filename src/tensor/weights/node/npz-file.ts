/**
 * The tensors of a `.npz` file: arrays of NumPy by their names. Compressed arrays are unpacked into
 * memory; others are read where they lie. Node only.
 */
import { TensorError } from '../../../base/error.js';
import { dtypeBytes } from '../../dtype.js';
import { formatShape, sizeOf } from '../../shape.js';
import { NPY_HEADER_BYTES, parseNpyHeader } from '../npy-header.js';
import { fortranStrides, type StoredTensor, unusualStrides } from '../stored-tensor.js';
import type { FileContent } from './file-content.js';
import { readUpTo } from './tensor-source.js';
import { contentOf, type ZipArchive, type ZippedFile } from './zip-archive.js';

const MOST_HELD_BYTES = 256 * 2 ** 20;
const ARRAY = /\.npy$/;

export const isNpz = ({ files }: ZipArchive): boolean =>
  files.size > 0 && [...files.keys()].every((name) => ARRAY.test(name));

/** @throws TensorError when an array holds other things than numbers, or is damaged */
export function readNpzFile(archive: ZipArchive): FileContent {
  const files = [...archive.files.values()];
  const heldBytes = files.reduce((sum, { isDeflated, bytes }) => sum + (isDeflated ? bytes : 0), 0);
  if (heldBytes > MOST_HELD_BYTES) {
    throw new TensorError(
      `${archive.path}: its compressed arrays take ${heldBytes} bytes, expected at most ${MOST_HELD_BYTES}`,
      { hint: 'write it by numpy.savez, without compression' },
    );
  }
  const held = heldBytes > 0 ? new Uint8Array(new SharedArrayBuffer(heldBytes)) : undefined;
  let room = 0;
  const tensors = files.map((file): StoredTensor => {
    if (!file.isDeflated || held === undefined) return stored(archive, file);
    const content = contentOf(archive, file, MOST_HELD_BYTES);
    held.set(content, room);
    const tensor = tensorOf(archive, file, content, room);
    room += content.length;
    return { ...tensor, file: 1 };
  });
  return { format: 'numpy', tensors, metadata: {}, notes: [], ...(held && { held }) };
}

function stored(archive: ZipArchive, file: ZippedFile): StoredTensor {
  const first = new Uint8Array(Math.min(NPY_HEADER_BYTES, file.bytes));
  const header = readUpTo(archive.fd, archive.path, file.position, first);
  return tensorOf(archive, file, header, file.position);
}

/** @param begin where the array begins, with its header */
function tensorOf({ path }: ZipArchive, file: ZippedFile, bytes: Uint8Array, begin: number): StoredTensor {
  const name = file.name.replace(ARRAY, '');
  const what = `"${name}" in "${path}"`;
  const { dtype, littleEndian, fortran, shape, dataStart } = parseNpyHeader(bytes, what);
  const expected = sizeOf(shape) * dtypeBytes[dtype];
  if (dataStart + expected !== file.bytes) {
    throw new TensorError(
      `${what} has ${file.bytes - dataStart} bytes of numbers, expected ${expected} for ${dtype} ${formatShape(shape)}`,
      { hint: 'write the file again' },
    );
  }
  const strides = fortran ? unusualStrides(shape, fortranStrides(shape)) : undefined;
  return {
    ...{ name, dtype, shape, file: 0, position: begin + dataStart },
    ...(strides && { strides }),
    ...(!littleEndian && dtypeBytes[dtype] > 1 && { isBigEndian: true }),
  };
}
