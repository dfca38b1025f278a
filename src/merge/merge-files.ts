/**
 * Merging safetensors files of any size: chunk by chunk, in memory O(chunk × files), with a turn of the event loop between
 * two chunks. A tensor may lie anywhere in each file. F64, F32, F16 and BF16 are merged and kept as they are; tensors of
 * any other dtype (counters, masks) must be equal, byte for byte, in all files, and are copied. The result does not
 * depend, to the byte, on the order in which the files are named. Node only.
 */
import { writeSync } from 'node:fs';
import { type FileHandle, stat } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { formatSafetensorsHeader } from '../tensor/safetensors-header.js';
import { blockSize } from './block.js';
import { checkExamples, checkSameTensors } from './checks.js';
import { chunkMerger } from './chunk-merger.js';
import { type Contribution, orderByContent } from './content-order.js';
import { MergeError } from './error.js';
import { floatFormat } from './float-format.js';
import { writeOutput } from './output-file.js';
import { chunksOf, commonMetadata, outputEntries } from './output-plan.js';
import type { Strategy } from './strategy.js';
import { openTensorFile, readChunk, type TensorFile } from './tensor-file.js';

export interface MergeFilesOptions {
  /** Paths, at least one. */
  readonly inputs: readonly string[];
  readonly strategy: Strategy;
  /** Replaced when, and only when, the merge is complete; not one of the inputs. */
  readonly output: string;
  /** Each input's number of examples, > 0; all alike by default. */
  readonly examples?: readonly number[];
  /** Merge the weights themselves (the default), or what each input changed in the base. */
  readonly on?: 'weights' | 'updates';
  /** The file that the inputs started from; needed, and only used, on updates. */
  readonly base?: string;
  readonly onProgress?: (progress: { readonly doneBytes: number; readonly totalBytes: number }) => void;
  /** Stops between two chunks and leaves nothing behind. */
  readonly signal?: AbortSignal;
  /** Bytes of each file in memory at a time: a multiple of 65,536. It changes no result. */
  readonly chunkBytes?: number;
}

export interface MergedFile {
  readonly tensors: number;
  /** The size of the output. */
  readonly bytes: number;
}

/**
 * @throws MergeError when names, shapes or dtypes differ, a value is NaN or infinite, tensors of integers differ, or a file
 *   cannot be read or written; TensorError when an input is no safetensors file. The output is then as it was before.
 */
export async function mergeFiles(options: MergeFilesOptions): Promise<MergedFile> {
  checkOptions(options);
  const files: TensorFile[] = [];
  try {
    // One after the other, so that whatever is open when one fails is closed.
    for (const path of options.inputs) files.push(await openTensorFile(path));
    const contributions = files.map((file, k) => ({ file, examples: options.examples?.[k] ?? 1 }));
    const base = options.base === undefined ? undefined : await openTensorFile(options.base);
    if (base !== undefined) files.push(base);
    await checkOutput(options.output, files);
    return await mergeOpened(options, contributions, base);
  } finally {
    await Promise.all(files.map((file) => file.handle.close()));
  }
}

async function mergeOpened(
  options: MergeFilesOptions,
  named: readonly Contribution[],
  base: TensorFile | undefined,
): Promise<MergedFile> {
  const first = (named[0] as Contribution).file;
  for (const file of [...named.map((contribution) => contribution.file), ...(base ? [base] : [])]) {
    checkSameTensors(file.header.entries, first.header.entries, `"${file.path}"`);
  }
  const inputs = named.map((contribution) => contribution.file);
  const entries = outputEntries(inputs);
  const header = formatSafetensorsHeader(entries, commonMetadata(inputs));
  const chunks = chunksOf(entries, options.chunkBytes ?? 2 ** 18);
  const chunkBytes = chunks.reduce((largest, chunk) => Math.max(largest, chunk.bytes), 0);
  const mergeable = chunks.filter((chunk) => floatFormat(chunk.dtype) !== undefined);
  const contributions = orderByContent(named, mergeable, chunkBytes);
  const mergeChunk = chunkMerger(options.strategy, contributions, base);

  const sources = [...contributions.map((contribution) => contribution.file), ...(base ? [base] : [])];
  const buffers = sources.map(() => new ArrayBuffer(chunkBytes));
  const output = new ArrayBuffer(chunkBytes);
  const totalBytes = header.length + (entries.at(-1)?.end ?? 0);
  await writeOutput(options.output, totalBytes, async (handle) => {
    writeAll(handle, header);
    let doneBytes = header.length;
    for (const chunk of chunks) {
      sources.forEach((file, k) => {
        readChunk(file, chunk, buffers[k] as ArrayBuffer);
      });
      mergeChunk(chunk, buffers, output);
      writeAll(handle, new Uint8Array(output, 0, chunk.bytes));
      doneBytes += chunk.bytes;
      options.onProgress?.({ doneBytes, totalBytes });
      await setImmediate();
      options.signal?.throwIfAborted();
    }
  });
  return { tensors: entries.length, bytes: totalBytes };
}

function writeAll(handle: FileHandle, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(handle.fd, bytes, done);
}

function checkOptions({ inputs, examples, on, base, chunkBytes }: MergeFilesOptions): void {
  if (inputs.length === 0) throw new MergeError('merge: there are no input files, expected at least one');
  if (examples !== undefined && examples.length !== inputs.length) {
    throw new MergeError(`merge: ${examples.length} numbers of examples for ${inputs.length} input files`, {
      hint: 'give one number for each file, in the same order',
    });
  }
  examples?.forEach((count, k) => {
    checkExamples(count, `"${inputs[k]}"`);
  });
  if (on === 'updates' && base === undefined) {
    throw new MergeError('merge: on updates it needs a base', {
      hint: 'name the file that the inputs started from',
    });
  }
  if (on !== 'updates' && base !== undefined) {
    throw new MergeError('merge: a base is given, but the weights themselves are merged', {
      hint: 'leave the base out, or merge on updates',
    });
  }
  if (chunkBytes !== undefined && (chunkBytes % (8 * blockSize) !== 0 || chunkBytes <= 0)) {
    throw new MergeError(`merge: chunkBytes is ${chunkBytes}, expected a multiple of ${8 * blockSize}`);
  }
}

/** Nothing would be lost while merging, but afterwards an input would be: whoever wants that can rename the output. */
async function checkOutput(output: string, files: readonly TensorFile[]): Promise<void> {
  const existing = await stat(output).catch(() => undefined);
  if (existing === undefined) return;
  for (const { path, handle } of files) {
    const { dev, ino } = await handle.stat();
    if (dev === existing.dev && ino === existing.ino) {
      throw new MergeError(`merge: the output "${output}" is the input "${path}"`, {
        hint: 'name another output',
      });
    }
  }
}
