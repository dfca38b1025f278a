/**
 * Finds the arrays in a `.npz` or `.safetensors` file, in a `.npy` file, or in a folder of `.npy`
 * files. Their numbers are read when they are needed. Node only.
 */
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { TensorError } from '../../../base/error.js';
import { compareNames } from '../../../base/names.js';
import { reasonOf } from '../../../base/node/reason.js';
import type { Dtype } from '../../../tensor/dtype.js';
import { parseSafetensorsHeader, safetensorsDataStart } from '../../../tensor/safetensors-header.js';
import { sizeOf } from '../../../tensor/shape.js';
import { DataError } from '../../error.js';
import { NPY_HEADER_BYTES, parseNpyHeader } from '../npy-header.js';
import { bytesOfNumber, type NumberType, type StoredArray } from '../stored-array.js';
import {
  LOCAL_HEADER_BYTES,
  largeDirectory,
  localBytes,
  ZIP_TAIL_BYTES,
  type ZipEntry,
  zipDirectory,
  zipEntries,
} from '../zip-entries.js';
import { type ByteRange, bytesIn, firstBytes, readBytes } from './byte-range.js';

/** An array in a file. */
export interface ArrayInFile extends StoredArray {
  readonly name: string;
  /** It names the array in errors: `"x" in "data.npz"`. */
  readonly what: string;
  readonly range: ByteRange;
  /** Bytes of the range before the first number. */
  readonly dataStart: number;
}

/** The endings of files with arrays. */
export const ARRAY_ENDINGS = ['.npz', '.npy', '.safetensors'] as const;

/**
 * The arrays by their names. What cannot be read as numbers is an error only where it is asked for.
 * @throws DataError when there is no such file, or it is none of these
 */
export async function findArrays(path: string): Promise<ReadonlyMap<string, () => Promise<ArrayInFile>>> {
  const found = await stat(path).catch((cause) => {
    throw new DataError(`data: "${path}" cannot be read: ${reasonOf(cause)}`, { cause });
  });
  if (found.isDirectory()) return inFolder(path);
  const lower = path.toLowerCase();
  if (lower.endsWith('.npy')) return new Map([[nameIn(path), () => npyIn(path, found.size)]]);
  if (lower.endsWith('.npz')) return inZip(path, found.size);
  if (lower.endsWith('.safetensors')) return inSafetensors(path, found.size);
  throw new DataError(
    `data: "${path}" is none of the files that hold arrays, expected ${ARRAY_ENDINGS.join(', ')}, or a folder of .npy files`,
  );
}

const nameIn = (path: string) => basename(path).replace(/\.npy$/i, '');

async function inFolder(folder: string) {
  const files = (await readdir(folder)).filter((name) => /\.npy$/i.test(name)).sort(compareNames);
  if (files.length === 0) throw new DataError(`data: "${folder}" has no .npy files`);
  return new Map(
    files.map((file) => {
      const path = join(folder, file);
      return [nameIn(file), async () => npyIn(path, (await stat(path)).size)] as const;
    }),
  );
}

const npyIn = (path: string, bytes: number) =>
  npyArray(nameIn(path), `"${path}"`, { path, start: 0, length: bytes });

async function npyArray(name: string, what: string, range: ByteRange): Promise<ArrayInFile> {
  const header = parseNpyHeader(await firstBytes(range, what, NPY_HEADER_BYTES), what);
  return checked({ ...header, name, what, range });
}

async function inZip(path: string, size: number) {
  const what = `"${path}"`;
  const tailBytes = Math.min(size, ZIP_TAIL_BYTES);
  let directory = zipDirectory(await readBytes(path, size - tailBytes, tailBytes), what);
  if (directory.isRecord)
    directory = largeDirectory(await readBytes(path, directory.start, directory.bytes), what);
  if (directory.start + directory.bytes > size) {
    throw new DataError(
      `data: ${what} is cut short: its directory ends at ${directory.start + directory.bytes}, and it has ${size} bytes`,
    );
  }
  const entries = zipEntries(await readBytes(path, directory.start, directory.bytes), what);
  return new Map(
    entries
      .filter(({ name }) => !name.endsWith('/'))
      .map((entry) => [nameIn(entry.name), () => zippedArray(path, entry)] as const),
  );
}

async function zippedArray(path: string, entry: ZipEntry): Promise<ArrayInFile> {
  const name = nameIn(entry.name);
  const what = `"${name}" in "${path}"`;
  const { headerStart, compressedBytes: length } = entry;
  const start = headerStart + localBytes(await readBytes(path, headerStart, LOCAL_HEADER_BYTES), `"${path}"`);
  return npyArray(name, what, { path, start, length, inside: entry });
}

async function inSafetensors(path: string, size: number) {
  try {
    const length = safetensorsDataStart(await readBytes(path, 0, 8), path, size);
    const { entries, dataStart } = parseSafetensorsHeader(await readBytes(path, 0, length), path, size);
    return new Map(
      entries.map(({ name, dtype, shape, begin, end }) => {
        const range = { path, start: dataStart + begin, length: end - begin };
        const what = `"${name}" in "${path}"`;
        const stored = { littleEndian: true, fortran: false, shape, dataStart: 0 };
        return [
          name,
          async () => checked({ ...stored, type: typeOf(dtype, what), name, what, range }),
        ] as const;
      }),
    );
  } catch (cause) {
    if (!(cause instanceof TensorError)) throw cause;
    throw new DataError(`data: ${cause.message}`, { cause });
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

/** @throws DataError when its bytes are not those of its shape */
function checked(array: ArrayInFile): ArrayInFile {
  const expected = sizeOf(array.shape) * bytesOfNumber(array.type);
  const got = bytesIn(array.range) - array.dataStart;
  if (got === expected) return array;
  throw new DataError(
    `data: ${array.what} has ${got} bytes of numbers, expected ${expected} for ${array.type}[${array.shape}]`,
    { hint: 'write the file again' },
  );
}
