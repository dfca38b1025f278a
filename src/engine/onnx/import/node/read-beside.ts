/**
 * Reads weights that lie in files beside a model (ONNX's external data). A model says the path of
 * such a file, so only files in the model's own folder are read.
 */
import { closeSync, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { reasonOf } from '../../../../base/node/reason.js';
import { quotedText } from '../file/foreign-model.js';
import type { ReadBeside } from '../file/read-foreign-tensor.js';
import { OnnxError } from '../file/read-message.js';

/** @param model the path of the model */
export function besideModel(model: string): ReadBeside {
  return (file, offset, length) => {
    const path = pathWithin(dirname(model), file);
    const descriptor = opened(path, file);
    try {
      const { size } = fstatSync(descriptor);
      if (offset + length > size) {
        throw new OnnxError(
          `onnx: ${quotedText(file)} beside the model has ${size} bytes, expected ${offset + length} or more`,
          { hint: 'copy the file with the data anew' },
        );
      }
      const bytes = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const count = readSync(descriptor, bytes, done, Math.min(length - done, 2 ** 30), offset + done);
        if (count === 0) break;
        done += count;
      }
      return bytes.subarray(0, done);
    } finally {
      closeSync(descriptor);
    }
  };
}

/** The file's real path, which links may not lead out of the folder. */
function pathWithin(folder: string, file: string): string {
  const isPlain = file !== '' && !isAbsolute(file) && !/[\\\0]/.test(file) && !file.split('/').includes('..');
  if (isPlain) {
    const path = realPath(join(folder, file), file);
    const from = relative(realpathSync(folder === '' ? '.' : folder), path);
    if (from !== '' && !isAbsolute(from) && from.split(sep)[0] !== '..') return path;
  }
  throw new OnnxError(`onnx: the model names the file ${quotedText(file)}, expected one in its own folder`, {
    hint: 'put the file with the data beside the model',
  });
}

function realPath(path: string, file: string): string {
  try {
    return realpathSync(path);
  } catch (cause) {
    throw missing(file, cause);
  }
}

function opened(path: string, file: string): number {
  try {
    const descriptor = openSync(path, 'r');
    if (fstatSync(descriptor).isFile()) return descriptor;
    closeSync(descriptor);
  } catch (cause) {
    throw missing(file, cause);
  }
  throw new OnnxError(`onnx: ${quotedText(file)} beside the model is not a file`);
}

const missing = (file: string, cause: unknown) =>
  new OnnxError(`onnx: ${quotedText(file)} beside the model cannot be read: ${reasonOf(cause)}`, {
    cause,
    hint: 'copy the file with the data into the folder of the model',
  });
