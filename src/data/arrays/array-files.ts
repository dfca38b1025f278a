/**
 * The arrays in a `.npz`, `.safetensors` or `.parquet` file, in a `.npy` file, or in a folder of
 * `.npy` files. Their numbers are read when they are needed.
 */
import { TensorError } from '../../base/error.js';
import { compareNames } from '../../base/names.js';
import type { Dtype } from '../../tensor/dtype.js';
import { parseSafetensorsHeader, safetensorsDataStart } from '../../tensor/safetensors-header.js';
import { sizeOf } from '../../tensor/shape.js';
import { NPY_HEADER_BYTES, parseNpyHeader } from '../../tensor/weights/npy-header.js';
import {
  checkDirectory,
  LOCAL_HEADER_BYTES,
  largeDirectory,
  localBytes,
  ZIP_TAIL_BYTES,
  type ZipEntry,
  zipDirectory,
  zipEntries,
} from '../../tensor/weights/zip-entries.js';
import type { ColumnValues } from '../dataset.js';
import { DataError } from '../error.js';
import { type ByteFile, type ByteRange, bytePieces, bytesIn, firstBytes } from './byte-range.js';
import { arraysInParquet } from './parquet-arrays.js';
import {
  type ArrayInFile,
  bytesOfNumber,
  type FoundArrays,
  foundArrays,
  type NumberType,
  numbersIn,
  type StoredArray,
} from './stored-array.js';

/** The endings of files with arrays. */
export const ARRAY_ENDINGS = ['.npz', '.npy', '.safetensors', '.parquet'] as const;

/** @throws DataError when it is no such file */
export async function arraysInFile(file: ByteFile): Promise<FoundArrays> {
  const lower = file.path.toLowerCase();
  if (isNpy(lower)) return foundArrays(file.path, [[nameIn(file.path), () => npyIn(file)]]);
  if (lower.endsWith('.npz')) return inZip(file);
  if (lower.endsWith('.safetensors')) return inSafetensors(file);
  if (lower.endsWith('.parquet')) return arraysInParquet(file);
  throw new DataError(
    `data: "${file.path}" is none of the files that hold arrays, expected ${ARRAY_ENDINGS.join(', ')}, or a folder of .npy files`,
  );
}

/** Of the files of a folder, those that hold an array each. */
export const isNpy = (name: string): boolean => /\.npy$/i.test(name);

/**
 * @param files the `.npy` files of the folder
 * @throws DataError when there are none
 */
export function arraysInFolder(folder: string, files: readonly ByteFile[]): FoundArrays {
  if (files.length === 0) throw new DataError(`data: "${folder}" has no .npy files`);
  return foundArrays(
    folder,
    [...files]
      .sort((a, b) => compareNames(nameIn(a.path), nameIn(b.path)))
      .map((file) => [nameIn(file.path), () => npyIn(file)] as const),
  );
}

const nameIn = (path: string) => path.replace(/^.*[/\\]/, '').replace(/\.npy$/i, '');

const npyIn = (file: ByteFile) =>
  npyArray(nameIn(file.path), `"${file.path}"`, { file, start: 0, length: file.size });

async function npyArray(name: string, what: string, range: ByteRange): Promise<ArrayInFile> {
  const first = await firstBytes(range, what, NPY_HEADER_BYTES);
  const header = asDataError(() => parseNpyHeader(first, what));
  const type = typeOf(header.dtype, what);
  return storedArray({ ...header, type }, name, what, range, header.dataStart);
}

async function inZip(file: ByteFile) {
  const { path, size } = file;
  const what = `"${path}"`;
  const tailBytes = Math.min(size, ZIP_TAIL_BYTES);
  const tail = await file.read(size - tailBytes, tailBytes);
  let directory = asDataError(() => zipDirectory(tail, what));
  if (directory.isRecord) {
    const record = await file.read(directory.start, directory.bytes);
    directory = asDataError(() => largeDirectory(record, what));
  }
  asDataError(() => checkDirectory(directory, size, what));
  const listing = await file.read(directory.start, directory.bytes);
  const entries = asDataError(() => zipEntries(listing, what));
  return foundArrays(
    path,
    entries
      .filter(({ name }) => !name.endsWith('/'))
      .map((entry) => [nameIn(entry.name), () => zippedArray(file, entry)] as const),
  );
}

async function zippedArray(file: ByteFile, entry: ZipEntry): Promise<ArrayInFile> {
  const name = nameIn(entry.name);
  const what = `"${name}" in "${file.path}"`;
  const { headerStart, compressedBytes: length } = entry;
  const header = await file.read(headerStart, LOCAL_HEADER_BYTES);
  const start = headerStart + asDataError(() => localBytes(header, `"${file.path}"`));
  return npyArray(name, what, { file, start, length, inside: entry });
}

async function inSafetensors(file: ByteFile) {
  const { path, size } = file;
  const prefix = await file.read(0, 8);
  const bytes = await file.read(
    0,
    asDataError(() => safetensorsDataStart(prefix, path, size)),
  );
  const { entries, dataStart } = asDataError(() => parseSafetensorsHeader(bytes, path, size));
  return foundArrays(
    path,
    entries.map(({ name, dtype, shape, begin, end }) => {
      const range = { file, start: dataStart + begin, length: end - begin };
      const what = `"${name}" in "${path}"`;
      const stored = { littleEndian: true, fortran: false, shape };
      return [
        name,
        async () => storedArray({ ...stored, type: typeOf(dtype, what) }, name, what, range, 0),
      ] as const;
    }),
  );
}

/** What a reader of weights says, said of data. */
function asDataError<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof TensorError)) throw cause;
    const { message, hint } = cause;
    throw new DataError(`data: ${message}`, { ...(hint !== undefined && { hint }), cause });
  }
}

function typeOf(dtype: Dtype, what: string): NumberType {
  const types: Partial<Record<Dtype, NumberType>> = {
    ...{
      BOOL: 'bool',
      U8: 'u8',
      I8: 'i8',
      U16: 'u16',
      I16: 'i16',
      U32: 'u32',
      I32: 'i32',
      U64: 'u64',
      I64: 'i64',
    },
    ...{ F16: 'f16', BF16: 'bf16', F32: 'f32', F64: 'f64' },
  };
  const type = types[dtype];
  if (type === undefined)
    throw new DataError(
      `data: ${what} holds numbers of the type ${dtype}, expected whole numbers, or floats of 16, 32 or 64 bits`,
    );
  return type;
}

/**
 * @param dataStart bytes of the range before the first number
 * @throws DataError when its bytes are not those of its shape
 */
function storedArray(
  { type, littleEndian, fortran, shape }: StoredArray,
  name: string,
  what: string,
  range: ByteRange,
  dataStart: number,
): ArrayInFile {
  const expected = sizeOf(shape) * bytesOfNumber(type);
  const got = bytesIn(range) - dataStart;
  if (got !== expected) {
    throw new DataError(
      `data: ${what} has ${got} bytes of numbers, expected ${expected} for ${type}[${shape}]`,
      { hint: 'write the file again' },
    );
  }
  const width = sizeOf(shape.slice(1)) * bytesOfNumber(type);
  async function* numbers(): AsyncGenerator<ColumnValues> {
    let from = 0;
    for await (const piece of bytePieces(range, what, dataStart, width)) {
      const values = numbersIn(piece, { type, littleEndian }, what, from);
      from += values.length;
      yield values;
    }
  }
  return { type, littleEndian, fortran, shape, name, what, numbers };
}
