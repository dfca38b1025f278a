/**
 * Reads pieces of the tensors of a model, which may lie in several files. Reading is synchronous:
 * the system reads ahead by itself, and passing each piece through another thread takes longer than
 * copying it. Node only. The module imports no schema, so that a second thread of a merge starts
 * sooner.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { CommonweightError } from '../../../base/error.js';
import { reasonOf } from '../../../base/node/reason.js';
import { type Dtype, dtypeBytes } from '../../dtype.js';
import type { SafetensorsMetadata } from '../../safetensors-header.js';
import { convertFloats } from '../float-dtypes.js';
import type { StoredTensor } from '../stored-tensor.js';
import { type ReadAt, readStrided } from '../strided-range.js';

/** A file that cannot be read, or changes while it is read. */
export class UnreadableError extends CommonweightError {
  override readonly name = 'UnreadableError';
}

/** What is needed to read a model; it can be cloned into another thread. */
export interface TensorSource {
  /** As it was named: a file, an index or a folder. */
  readonly path: string;
  readonly format: 'safetensors' | 'pytorch' | 'numpy';
  readonly files: readonly SourceFile[];
  /** By name, in the order of the files. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: SafetensorsMetadata;
  /** Sentences about what was left out, or chosen. */
  readonly notes: readonly string[];
}

export interface SourceFile {
  readonly path: string;
  /** Undefined for one of many files: it is opened for each reading. */
  readonly fd: number | undefined;
  /** Tells whether the path still names the same file, unchanged. */
  readonly identity: FileIdentity;
  /** What is compressed in the file, unpacked, in memory that threads share. */
  readonly held?: Uint8Array;
}

export interface FileIdentity {
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
}

/**
 * A piece of one tensor, the same in each model. `at` and `bytes` count from the tensor's first
 * byte, in row-major order, in this dtype. Floats that are stored in a narrower one are converted.
 */
export interface Piece {
  readonly name: string;
  readonly dtype: Dtype;
  readonly at: number;
  readonly bytes: number;
}

/**
 * Reads a piece to the beginning of `buffer`, wherever its tensor lies in this model.
 * @throws UnreadableError when it cannot be read or the file has become shorter.
 */
export function readChunk(source: TensorSource, piece: Piece, buffer: Uint8Array): Uint8Array {
  const tensor = source.tensors.get(piece.name) as StoredTensor;
  const target = buffer.subarray(0, piece.bytes);
  withFile(source.files[tensor.file] as SourceFile, (read) => {
    if (tensor.dtype === piece.dtype) {
      readElements(tensor, piece.at, target, read);
      return;
    }
    const widths = [dtypeBytes[tensor.dtype], dtypeBytes[piece.dtype]] as const;
    const stored = new Uint8Array((piece.bytes / widths[1]) * widths[0]);
    readElements(tensor, (piece.at / widths[1]) * widths[0], stored, read);
    convertFloats(stored, tensor.dtype, target, piece.dtype);
  });
  return target;
}

/** @param at the first byte in row-major order, in the dtype of the file */
function readElements(tensor: StoredTensor, at: number, target: Uint8Array, read: ReadAt): void {
  const { shape, strides, position, isBigEndian } = tensor;
  const width = dtypeBytes[tensor.dtype];
  if (strides === undefined) read(position + at, target);
  else readStrided({ shape, strides, position, width }, at / width, target, read);
  if (isBigEndian) {
    for (let one = 0; one < target.length; one += width) target.subarray(one, one + width).reverse();
  }
}

function withFile(file: SourceFile, use: (read: ReadAt) => void): void {
  const { held, path } = file;
  if (held !== undefined) {
    use((position, target) => target.set(held.subarray(position, position + target.length)));
    return;
  }
  whileFilesOpen([file], ([{ fd }]) =>
    use((position, target) => {
      if (readUpTo(fd, path, position, target).length === target.length) return;
      throw new UnreadableError(`"${path}" was cut short while it was read`, { hint: 'try again' });
    }),
  );
}

/**
 * Opens those of the models that are not open, as long as `use` runs.
 * @throws UnreadableError when a file cannot be opened, or is not the one that it was.
 */
export function whileOpen<const Sources extends readonly TensorSource[], Result>(
  sources: Sources,
  use: (open: Sources) => Result,
): Result {
  return whileFilesOpen(
    sources.flatMap(({ files }) => files),
    (files) => {
      let next = 0;
      const open = sources.map((source) => ({ ...source, files: source.files.map(() => files[next++]) }));
      return use(open as unknown as Sources);
    },
  );
}

type OpenFile = SourceFile & { readonly fd: number };

function whileFilesOpen<const Files extends readonly SourceFile[], Result>(
  files: Files,
  use: (open: { readonly [K in keyof Files]: OpenFile }) => Result,
): Result {
  const opened: number[] = [];
  try {
    const open = files.map((file) => {
      if (file.fd !== undefined || file.held !== undefined) return file;
      const fd = openAgain(file);
      opened.push(fd);
      checkUnchanged(file, fd);
      return { ...file, fd };
    });
    return use(open as unknown as { readonly [K in keyof Files]: OpenFile });
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}

function openAgain({ path }: SourceFile): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function checkUnchanged({ path, identity }: SourceFile, fd: number): void {
  const { dev, ino, size, mtimeMs } = fstatSync(fd);
  const same =
    dev === identity.dev && ino === identity.ino && size === identity.size && mtimeMs === identity.mtimeMs;
  if (same) return;
  throw new UnreadableError(`"${path}" was replaced while it was read`, { hint: 'try again' });
}

/** The bytes from `position` on; fewer than `target` has room for if the file ends before. */
export function readUpTo(fd: number, path: string, position: number, target: Uint8Array): Uint8Array {
  let done = 0;
  try {
    while (done < target.length) {
      const bytes = readSync(fd, target, done, target.length - done, position + done);
      if (bytes === 0) break;
      done += bytes;
    }
  } catch (cause) {
    throw unreadable(path, cause);
  }
  return target.subarray(0, done);
}

export function unreadable(path: string, cause: unknown): UnreadableError {
  return new UnreadableError(`cannot read "${path}": ${reasonOf(cause)}`, { hint: 'check the path', cause });
}
