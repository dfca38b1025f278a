/**
 * Opens one file of weights, whatever program wrote it: safetensors, PyTorch or NumPy. The first
 * bytes decide, not the name. Nothing of it is executed. Node only.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { TensorError } from '../../../base/error.js';
import { FOREIGN_PREFIX_BYTES, foreignFormat } from '../../foreign-format.js';
import { mayBeSafetensors } from '../../safetensors-header.js';
import { parseShardIndex, type ShardIndex } from '../shard-index.js';
import type { FileContent } from './file-content.js';
import { isNpz, readNpzFile } from './npz-file.js';
import { type HeaderParser, safetensorsContent } from './safetensors-file.js';
import { readUpTo, type SourceFile, unreadable } from './tensor-source.js';
import { readTorchFile, torchRoot } from './torch-file.js';
import { openZip, type ZipArchive } from './zip-archive.js';

export interface WeightsFile {
  readonly handle: FileHandle;
  readonly file: SourceFile;
  readonly content: FileContent | { readonly index: ShardIndex };
}

const MOST_INDEX_BYTES = 64 * 2 ** 20;
const JSON_OBJECT = /^(?:\xef\xbb\xbf)?\s*\{/;

export const WEIGHTS = 'weights: a file of safetensors, PyTorch (.pt, .bin) or NumPy (.npz)';

/**
 * Opens a file and reads its table of tensors. The caller closes `handle`.
 * @param parse reads the header of a safetensors file
 * @throws UnreadableError when it cannot be read, TensorError when it is no file of weights, which
 * it calls by its name, or is damaged.
 */
export async function openWeightsFile(path: string, parse: HeaderParser): Promise<WeightsFile> {
  const handle = await open(path, 'r').catch((cause) => {
    throw unreadable(path, cause);
  });
  try {
    const { dev, ino, size, mtimeMs } = await handle.stat();
    const file = { path, fd: handle.fd, identity: { dev, ino, size, mtimeMs } };
    return { handle, file, content: contentOf(file, parse) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function contentOf(file: SourceFile & { readonly fd: number }, parse: HeaderParser): WeightsFile['content'] {
  const { path, fd, identity } = file;
  const { size } = identity;
  if (size === 0) {
    throw new TensorError(`${path}: the file is empty, expected ${WEIGHTS}`, {
      hint: 'copy or download it again',
    });
  }
  const prefix = readUpTo(fd, path, 0, new Uint8Array(Math.min(FOREIGN_PREFIX_BYTES, size)));
  if (mayBeSafetensors(prefix)) return safetensorsContent(file, prefix, parse);
  if (prefix[0] === 0x50 && prefix[1] === 0x4b && prefix[2] === 3 && prefix[3] === 4) {
    return zipContent(openZip(path, fd, size), size);
  }
  if (JSON_OBJECT.test(String.fromCharCode(...prefix)) && size <= MOST_INDEX_BYTES) {
    const index = parseShardIndex(
      new TextDecoder().decode(readUpTo(fd, path, 0, new Uint8Array(size))),
      path,
    );
    if (index !== undefined) return { index };
  }
  const foreign = foreignFormat(prefix);
  if (foreign === undefined) {
    throw new TensorError(`${path}: the format of the file is not known, expected ${WEIGHTS}`, {
      hint: 'check that it is the right file',
    });
  }
  throw new TensorError(`${path}: this is ${foreign.name}, expected ${WEIGHTS}`, { hint: foreign.hint });
}

function zipContent(archive: ZipArchive, size: number): FileContent {
  const root = torchRoot(archive);
  if (root !== undefined) return readTorchFile(archive, root, size);
  if (isNpz(archive)) return readNpzFile(archive);
  const names = [...archive.files.keys()];
  const isKeras = names.includes('model.weights.h5');
  const what = isKeras
    ? 'a Keras model (.keras)'
    : `a zip archive with ${names.slice(0, 3).join(', ') || 'nothing'}`;
  throw new TensorError(`${archive.path}: this is ${what}, expected ${WEIGHTS}`, {
    hint: isKeras
      ? 'write its arrays in Python: numpy.savez(FILE, **{w.path: w.numpy() for w in model.weights})'
      : 'unpack it, if the weights are in it',
  });
}
