/**
 * Merges safetensors files of any size, chunk by chunk, in memory O(chunk × files), with a turn of
 * the event loop between two chunks. A tensor may lie anywhere in each file. F64, F32, F16 and BF16
 * are merged and keep their dtype. Tensors of other dtypes (masks) must be equal, byte for byte, in
 * all files, and are copied. Statistics and counters of batch normalization are merged by rules of
 * their own (`by-role.ts`). The result has the bytes of merging in memory, and does not depend on
 * the order in which the files are named (except for SLERP, whose order matters). A strategy that
 * first needs inner products or thresholds reads all chunks once or twice before. Node only.
 */
import { writeSync } from 'node:fs';
import { type FileHandle, stat } from 'node:fs/promises';
import { type TakeTurn, turnTaker } from '../../base/turns.js';
import { formatSafetensorsHeader, type SafetensorsMetadata } from '../../tensor/safetensors-header.js';
import { MergeError } from '../error.js';
import { blockSize } from '../kernels/block.js';
import { floatFormat } from '../kernels/float-format.js';
import { roleNote, ruleOf, type Statistics } from '../memory/by-role.js';
import { appliedTo, checkExamples, checkSameTensors, checkUpdates } from '../memory/checks.js';
import { begin, isSurvey } from '../memory/survey.js';
import type { AppliedTo, Combination, Strategy } from '../strategy.js';
import { type ChunkWork, chunkRunner, chunkSurveyor, takeChunk } from './chunk-runner.js';
import { type InputFile, orderByContent } from './content-order.js';
import { loraNote } from './lora.js';
import { writeOutput } from './output-file.js';
import { chunksOf, commonMetadata, outputEntries } from './output-plan.js';
import { baseAmongInputs, repeatedInputs } from './repeated-inputs.js';
import { secondThread } from './second-thread.js';
import { openTensorFile, type TensorFile } from './tensor-file.js';

export interface MergeFilesOptions {
  /** Paths, at least one. */
  readonly inputs: readonly string[];
  readonly strategy: Strategy;
  /** Replaced only when the merge is complete; not one of the inputs. */
  readonly output: string;
  /** The number of examples of each input, > 0; all equal by default. */
  readonly examples?: readonly number[];
  /**
   * Whether to merge the weights (the default) or their changes from the base, unless the strategy
   * decides.
   */
  readonly on?: AppliedTo;
  /** The file that the inputs started from; required for updates, and used only for them. */
  readonly base?: string;
  /** How statistics and counters of batch normalization are merged; `mean` by default. */
  readonly statistics?: Statistics;
  /**
   * For each auxiliary that the strategy names, a file for each input, with the same floating-point
   * tensors.
   */
  readonly auxiliaries?: Readonly<Record<string, readonly string[]>>;
  /** The metadata of the output; by default, those that all inputs share. */
  readonly metadata?: SafetensorsMetadata;
  readonly onProgress?: (progress: { readonly doneBytes: number; readonly totalBytes: number }) => void;
  /** Stops between two chunks and leaves no file behind. */
  readonly signal?: AbortSignal;
  /**
   * How many bytes of each file are in memory at a time: a multiple of 65,536. It changes no
   * result.
   */
  readonly chunkBytes?: number;
}

export interface MergedFile {
  readonly tensors: number;
  /** The size of the output. */
  readonly bytes: number;
  /** Warnings for the user, in sentences. */
  readonly notes: readonly string[];
}

/**
 * @throws MergeError when names, shapes or dtypes differ, a value is NaN or infinite, tensors of
 * integers differ, or a file cannot be read or written; TensorError when an input is not a
 * safetensors file. The output then stays as it was.
 */
export async function mergeFiles(options: MergeFilesOptions): Promise<MergedFile> {
  checkOptions(options);
  const files: TensorFile[] = [];
  try {
    // One after the other, so that open files are closed if one fails.
    const opened = async (path: string) => {
      const file = await openTensorFile(path);
      files.push(file);
      return file;
    };
    const contributions: InputFile[] = [];
    for (const [k, path] of options.inputs.entries()) {
      const file = await opened(path);
      const auxiliaries: Record<string, TensorFile> = {};
      for (const name of options.strategy.auxiliaries ?? []) {
        auxiliaries[name] = await opened(options.auxiliaries?.[name]?.[k] as string);
      }
      contributions.push({ file, examples: options.examples?.[k] ?? 1, auxiliaries });
    }
    const base = options.base === undefined ? undefined : await opened(options.base);
    await checkOutput(
      options.output,
      files.map(({ path }) => path),
    );
    return await mergeOpened(options, contributions, base);
  } finally {
    await Promise.all(files.map((file) => file.handle.close()));
  }
}

async function mergeOpened(
  options: MergeFilesOptions,
  named: readonly InputFile[],
  base: TensorFile | undefined,
): Promise<MergedFile> {
  const first = (named[0] as InputFile).file;
  const { statistics = 'mean' } = options;
  for (const file of [...named.map((contribution) => contribution.file), ...(base ? [base] : [])]) {
    checkSameTensors(file.header.entries, first.header.entries, `"${file.path}"`);
  }
  for (const file of named.flatMap(({ auxiliaries }) => Object.values(auxiliaries))) {
    const merged = ({ header }: TensorFile) =>
      header.entries.filter(({ name, dtype }) => ruleOf(name, dtype, statistics) === 'strategy');
    checkSameTensors(merged(file), merged(first), `"${file.path}"`);
  }
  const inputs = named.map((contribution) => contribution.file);
  const entries = outputEntries(inputs);
  const header = formatSafetensorsHeader(entries, options.metadata ?? commonMetadata(inputs));
  const chunks = chunksOf(entries, options.chunkBytes ?? defaultChunkBytes(inputs.length), statistics);
  const chunkBytes = chunks.reduce((largest, chunk) => Math.max(largest, chunk.bytes), 0);
  const mergeable = chunks.filter((chunk) => floatFormat(chunk.dtype) !== undefined);
  const takeTurn = turnTaker(options.signal);
  const contributions = options.strategy.ordered
    ? named
    : await orderByContent(named, mergeable, chunkBytes, takeTurn);
  const source = ({ path, fd, header, entries }: TensorFile) => ({ path, fd, header, entries });
  const totalBytes = header.length + (entries.at(-1)?.end ?? 0);
  await writeOutput(options.output, totalBytes, async (handle) => {
    for (let done = 0; done < header.length; ) done += writeSync(handle.fd, header, done);
    const work = {
      inputs: contributions.map(({ file, examples, auxiliaries }) => ({
        file: source(file),
        examples,
        auxiliaries: Object.fromEntries(
          Object.entries(auxiliaries).map(([name, auxiliary]) => [name, source(auxiliary)]),
        ),
      })),
      first: contributions.findIndex(({ file }) => file === first),
      base: base && source(base),
      chunks,
      dataStart: header.length,
      outputFd: handle.fd,
    };
    const sync = syncAhead(handle);
    try {
      const combination = await survey(work, options.strategy, takeTurn);
      await mergeChunks(work, options.strategy, combination, takeTurn, (doneBytes) => {
        sync.written(doneBytes);
        options.onProgress?.({ doneBytes, totalBytes });
      });
    } finally {
      await sync.settled();
    }
  });
  const names = entries.map(({ name }) => name);
  const notes = [
    ...(await repeatedInputs(inputs)),
    ...(await baseAmongInputs(base, inputs, chunks, chunkBytes, takeTurn)),
    roleNote(names, statistics),
    loraNote(names),
  ];
  return {
    tensors: entries.length,
    bytes: totalBytes,
    notes: notes.filter((note) => note !== undefined),
  };
}

/** Chosen so that a chunk of each file and of the result fit in a core's cache together. */
function defaultChunkBytes(files: number): number {
  const unit = 8 * blockSize;
  return Math.max(1, Math.floor((2.5 * 2 ** 20) / (files + 1) / unit)) * unit;
}

const SYNC_BYTES = 8 * 2 ** 20;

/**
 * Syncs written bytes to the disk while the merge goes on, so that little is left to sync at the
 * end.
 */
function syncAhead(handle: FileHandle) {
  let pending: Promise<void> | undefined;
  let synced = 0;
  return {
    written(bytes: number) {
      if (pending !== undefined || bytes - synced < SYNC_BYTES) return;
      synced = bytes;
      // The error comes again when the whole file is synced, and is reported there.
      pending = handle
        .datasync()
        .catch(() => undefined)
        .finally(() => {
          pending = undefined;
        });
    },
    settled: async () => pending,
  };
}

/** How the strategy combines values, after the passes that it needs. */
async function survey(work: ChunkWork, strategy: Strategy, takeTurn: TakeTurn): Promise<Combination> {
  const examples = work.inputs.map((input) => input.examples);
  let stage = begin(strategy, examples);
  while (isSurvey(stage)) {
    const show = chunkSurveyor(work, stage);
    for (const chunk of work.chunks) {
      show(chunk);
      await takeTurn();
    }
    stage = stage.finish();
  }
  return stage;
}

/**
 * Merges all chunks, in this thread and perhaps a second one. The failed chunk that comes first
 * decides the error.
 */
async function mergeChunks(
  work: ChunkWork,
  strategy: Strategy,
  combination: Combination,
  takeTurn: TakeTurn,
  onProgress: (doneBytes: number) => void,
): Promise<void> {
  const taken = new Int32Array(new SharedArrayBuffer(4));
  const second = secondThread(work, strategy, taken);
  const run = chunkRunner(work, combination);
  let end = work.dataStart;
  const ends = work.chunks.map(({ bytes }) => (end += bytes));
  const failures: { readonly chunk: number; readonly error: unknown }[] = [];
  try {
    for (let chunk = takeChunk(work, taken); chunk !== undefined; chunk = takeChunk(work, taken)) {
      try {
        run(chunk);
      } catch (error) {
        failures.push({ chunk, error });
        break;
      }
      // The second thread has taken the chunks between, and has finished nearly all of them.
      onProgress(ends[chunk] as number);
      await takeTurn();
    }
  } finally {
    // Leaves no chunk for the second thread: it ends after its current one.
    Atomics.store(taken, 0, work.chunks.length);
    const chunk = await second;
    if (chunk !== undefined && chunk < (failures[0]?.chunk ?? Number.POSITIVE_INFINITY)) run(chunk);
  }
  if (failures[0] !== undefined) throw failures[0].error;
  onProgress(end);
}

function checkOptions(options: MergeFilesOptions): void {
  const { inputs, strategy, examples, on, base, auxiliaries, chunkBytes } = options;
  if (inputs.length === 0) throw new MergeError('merge: there are no input files, expected at least one');
  if (examples !== undefined && examples.length !== inputs.length) {
    throw new MergeError(`merge: ${examples.length} numbers of examples for ${inputs.length} input files`, {
      hint: 'give one number for each file, in the same order',
    });
  }
  examples?.forEach((count, k) => {
    checkExamples(count, `"${inputs[k]}"`);
  });
  checkUpdates(strategy, inputs.length);
  if (appliedTo(strategy, on, base !== undefined) === 'weights' && base !== undefined) {
    throw new MergeError('merge: a base is given, but the weights themselves are merged', {
      hint: 'leave the base out, or merge on updates',
    });
  }
  for (const name of new Set([...(strategy.auxiliaries ?? []), ...Object.keys(auxiliaries ?? {})])) {
    const expected = strategy.auxiliaries?.includes(name) ? inputs.length : 0;
    const got = auxiliaries?.[name]?.length ?? 0;
    if (got === expected) continue;
    throw new MergeError(`merge: ${strategy.name} takes ${expected} files of "${name}", got ${got}`, {
      hint: expected === 0 ? 'leave them out' : 'give one for each input, in the same order',
    });
  }
  if (chunkBytes !== undefined && (chunkBytes % (8 * blockSize) !== 0 || chunkBytes <= 0)) {
    throw new MergeError(`merge: chunkBytes is ${chunkBytes}, expected a multiple of ${8 * blockSize}`);
  }
}

/**
 * The merge itself would lose nothing, but the input would be replaced afterwards. Users who want
 * that can rename the output.
 */
export async function checkOutput(output: string, inputs: readonly string[]): Promise<void> {
  const existing = await stat(output).catch(() => undefined);
  if (existing === undefined) return;
  for (const path of inputs) {
    const { dev, ino } = await stat(path);
    if (dev === existing.dev && ino === existing.ino) {
      throw new MergeError(`merge: the output "${output}" is the input "${path}"`, {
        hint: 'name another output',
      });
    }
  }
}
