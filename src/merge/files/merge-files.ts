/**
 * Merges files of weights of any size, of safetensors, PyTorch or NumPy, chunk by chunk, in memory
 * O(chunk × files), with a turn of the event loop between two chunks. A tensor may lie anywhere in
 * each file. F64, F32, F16 and BF16 are merged, each in the widest dtype that it has in a file.
 * Tensors of other dtypes (masks) must be equal, byte for byte, in all files, and are copied.
 * Statistics and counters of batch normalization are merged by rules of their own (`by-role.ts`).
 * The result has the bytes of merging in memory, and does not depend on the order in which the
 * files are named (except for SLERP, whose order matters). A strategy that first needs inner
 * products or thresholds reads all chunks once or twice before. Node only.
 */
import { writeSync } from 'node:fs';
import { type FileHandle, stat } from 'node:fs/promises';
import { turnTaker } from '../../base/turns.js';
import type { Dtype } from '../../tensor/dtype.js';
import { formatSafetensorsHeader, type SafetensorsMetadata } from '../../tensor/safetensors-header.js';
import { type FloatDtype, isFloat } from '../../tensor/weights/float-dtypes.js';
import { openWeights } from '../../tensor/weights/node/open-weights.js';
import type { TensorSource } from '../../tensor/weights/node/tensor-source.js';
import { MergeError } from '../error.js';
import { blockSize } from '../kernels/block.js';
import { floatFormat } from '../kernels/float-format.js';
import { roleNote, ruleOf, type Statistics } from '../memory/by-role.js';
import { appliedTo, checkExamples, checkUpdates } from '../memory/checks.js';
import type { AppliedTo, Strategy } from '../strategy.js';
import { type AgreedModels, agreedModels } from './agreed-models.js';
import { type InputFile, orderByContent } from './content-order.js';
import { loraNote } from './lora.js';
import { CHUNK_UNIT } from './merge-budget.js';
import { mergeTensors } from './merge-tensors.js';
import { writeOutput } from './output-file.js';
import { chunksOf, commonMetadata, outputEntries } from './output-plan.js';
import { baseAmongInputs, repeatedInputs } from './repeated-inputs.js';

export interface MergeFilesOptions {
  /** Paths of files, of indexes of several files, or of folders; at least one. */
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
  /**
   * The dtype of all floating-point numbers in the output; by default, the widest that each tensor
   * has.
   */
  readonly dtype?: FloatDtype;
  /** The metadata of the output; by default, those that all inputs share. */
  readonly metadata?: SafetensorsMetadata;
  readonly onProgress?: (progress: { readonly doneBytes: number; readonly totalBytes: number }) => void;
  /** Stops between two chunks and leaves no file behind. */
  readonly signal?: AbortSignal;
  /**
   * How many bytes of each file are in memory at a time: a multiple of 65,536. It changes no
   * result. By default, all files together have some 16 MB.
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
 * file of weights. The output then stays as it was.
 */
export async function mergeFiles(options: MergeFilesOptions): Promise<MergedFile> {
  checkOptions(options);
  const files = openWeights();
  const openAll = async (paths: readonly string[]) => {
    const opened: TensorSource[] = [];
    for (const path of paths) opened.push(await files.open(path));
    return opened;
  };
  try {
    const models = await openAll([...options.inputs, ...(options.base === undefined ? [] : [options.base])]);
    const names = options.strategy.auxiliaries ?? [];
    const attached = await openAll(names.flatMap((name) => options.auxiliaries?.[name] ?? []));
    await checkOutput(options.output, [...models, ...attached]);
    const { statistics = 'mean' } = options;
    const agreed = agreedModels(
      models,
      attached,
      ({ name, dtype }) => ruleOf(name, dtype, statistics) === 'strategy',
    );
    const n = options.inputs.length;
    const auxiliary = (place: number, k: number) =>
      agreed.models[models.length + place * n + k] as TensorSource;
    const contributions = options.inputs.map(
      (_, k): InputFile => ({
        file: agreed.models[k] as TensorSource,
        examples: options.examples?.[k] ?? 1,
        auxiliaries: Object.fromEntries(names.map((name, place) => [name, auxiliary(place, k)])),
      }),
    );
    const base = options.base === undefined ? undefined : agreed.models[n];
    return await mergeOpened(options, contributions, base, agreed);
  } finally {
    await files.close();
  }
}

async function mergeOpened(
  options: MergeFilesOptions,
  named: readonly InputFile[],
  base: TensorSource | undefined,
  agreed: AgreedModels,
): Promise<MergedFile> {
  const first = (named[0] as InputFile).file;
  const { statistics = 'mean' } = options;
  const inputs = named.map((contribution) => contribution.file);
  const { dtype } = options;
  const into = dtype && ((from: Dtype) => (isFloat(from) ? dtype : from));
  const entries = outputEntries(inputs, agreed.dtypes, into);
  const header = formatSafetensorsHeader(entries, options.metadata ?? commonMetadata(inputs));
  const chunks = chunksOf(entries, CHUNK_UNIT, statistics);
  const mergeable = chunks.filter((chunk) => floatFormat(chunk.dtype) !== undefined);
  const takeTurn = turnTaker(options.signal);
  const contributions = options.strategy.ordered ? named : await orderByContent(named, mergeable, takeTurn);
  const totalBytes = header.length + (entries.at(-1)?.end ?? 0);
  await writeOutput(options.output, totalBytes, async (handle) => {
    for (let done = 0; done < header.length; ) done += writeSync(handle.fd, header, done);
    const sync = syncAhead(handle);
    try {
      await mergeTensors({
        ...{ inputs: contributions, first: contributions.findIndex(({ file }) => file === first), base },
        ...{ dataStart: header.length, outputFd: handle.fd },
        ...{ entries, statistics, chunkBytes: options.chunkBytes, strategy: options.strategy, takeTurn },
        onProgress(doneBytes) {
          sync.written(doneBytes);
          options.onProgress?.({ doneBytes, totalBytes });
        },
      });
    } finally {
      await sync.settled();
    }
  });
  const names = entries.map(({ name }) => name);
  const notes = [
    ...agreed.notes,
    ...repeatedInputs(inputs),
    ...(await baseAmongInputs(base, inputs, chunks, CHUNK_UNIT, takeTurn)),
    roleNote(names, statistics),
    loraNote(names),
  ];
  return {
    tensors: entries.length,
    bytes: totalBytes,
    notes: notes.filter((note) => note !== undefined),
  };
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
export async function checkOutput(
  output: string,
  inputs: readonly Pick<TensorSource, 'path' | 'files'>[],
): Promise<void> {
  const existing = await stat(output).catch(() => undefined);
  if (existing === undefined) return;
  for (const { path, files } of inputs) {
    if (files.some(({ identity: { dev, ino } }) => dev === existing.dev && ino === existing.ino)) {
      throw new MergeError(`merge: the output "${output}" is the input "${path}"`, {
        hint: 'name another output',
      });
    }
  }
}
