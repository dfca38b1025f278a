/**
 * Averages LoRA files as changes of weights, exactly: Σ pₖ BₖAₖ is itself one product, of the A
 * stacked and the pₖBₖ side by side. The result is a LoRA file with the same names, whose rank is
 * the sum of the ranks. The strategy merges the other tensors of the files. Node only. One tensor
 * of each file is in memory at a time.
 */
import { writeSync } from 'node:fs';
import { turnTaker } from '../../base/turns.js';
import { dtypeBytes } from '../../tensor/dtype.js';
import { formatSafetensorsHeader } from '../../tensor/safetensors-header.js';
import { openWeights } from '../../tensor/weights/node/open-weights.js';
import { readChunk, type TensorSource } from '../../tensor/weights/node/tensor-source.js';
import { MergeError } from '../error.js';
import { firstNotFinite } from '../kernels/block.js';
import { type FloatFormat, floatFormat } from '../kernels/float-format.js';
import { roleNote } from '../memory/by-role.js';
import { checkExamples, notFinite, notStorable } from '../memory/checks.js';
import { mean } from '../strategies/mean.js';
import { recipeOf } from '../strategies/strategies.js';
import { type AgreedModels, agreedModels } from './agreed-models.js';
import { type ChunkBuffer, chunkMerger } from './chunk-merger.js';
import { type InputFile, orderByContent } from './content-order.js';
import { type LoraPair, loraPairs } from './lora.js';
import { checkOutput, type MergedFile, type MergeFilesOptions } from './merge-files.js';
import { writeOutput } from './output-file.js';
import { type Chunk, chunksOf, commonMetadata, type OutputEntry, outputEntries } from './output-plan.js';

export type MergeLoraOptions = Omit<MergeFilesOptions, 'on' | 'base' | 'auxiliaries' | 'chunkBytes'>;

/**
 * @throws MergeError when the strategy is not a mean, when the files have no factors under PEFT's
 * names or are part of DoRA, and as `mergeFiles` does.
 */
export async function mergeLoraFiles(options: MergeLoraOptions): Promise<MergedFile> {
  const { inputs, examples, strategy } = options;
  const kind = recipeOf(strategy)?.name;
  if (kind !== 'mean' && kind !== 'mean-equal') {
    throw new MergeError(
      `merge: ${strategy.name} does not merge products of LoRA, expected mean or mean-equal`,
      {
        hint: 'merge each adapter into its model first (merge_and_unload of PEFT), then merge the models',
      },
    );
  }
  if (inputs.length === 0 || (examples !== undefined && examples.length !== inputs.length)) {
    throw new MergeError(
      `merge: ${examples?.length ?? 0} numbers of examples for ${inputs.length} input files`,
    );
  }
  const files = openWeights();
  try {
    const opened: TensorSource[] = [];
    for (const path of inputs) opened.push(await files.open(path));
    await checkOutput(options.output, opened);
    const agreed = agreedModels(opened);
    const contributions = agreed.models.map((file, k): InputFile => {
      const count = kind === 'mean' ? (examples?.[k] ?? 1) : 1;
      checkExamples(count, `"${file.path}"`);
      return { file, examples: count, auxiliaries: {} };
    });
    return await mergeOpened(options, contributions, agreed);
  } finally {
    await files.close();
  }
}

async function mergeOpened(
  options: MergeLoraOptions,
  named: readonly InputFile[],
  { dtypes, notes }: AgreedModels,
): Promise<MergedFile> {
  const { statistics = 'mean' } = options;
  const opened = named.map(({ file }) => file);
  const [first] = opened as [TensorSource];
  const tensors = outputEntries(opened, dtypes);
  const pairs = pairsOf(tensors);
  const whole = chunksOf(tensors, Number.MAX_SAFE_INTEGER, statistics);
  const chunkBytes = whole.reduce((largest, { bytes }) => Math.max(largest, bytes), 0);
  const takeTurn = turnTaker(options.signal);
  const contributions = await orderByContent(named, whole, takeTurn);
  const n = contributions.length;
  const entries = stacked(tensors, pairs, n);
  const header = formatSafetensorsHeader(entries, options.metadata ?? commonMetadata(opened));
  const totalBytes = header.length + (entries.at(-1)?.end ?? 0);
  const total = contributions.reduce((sum, { examples }) => sum + examples, 0);
  const shares = contributions.map(({ examples }) => examples / total);
  const merge = chunkMerger(
    mean(),
    contributions,
    undefined,
    contributions.findIndex(({ file }) => file === first),
  );
  const buffers = contributions.map(() => new Uint8Array(chunkBytes));
  await writeOutput(options.output, totalBytes, async (handle) => {
    const write = (bytes: Uint8Array) => {
      for (let done = 0; done < bytes.length; ) done += writeSync(handle.fd, bytes, done);
    };
    write(header);
    let doneBytes = header.length;
    for (const chunk of whole) {
      await takeTurn();
      const read = contributions.map(({ file }, k) => readChunk(file, chunk, buffers[k] as ChunkBuffer));
      const output = new Uint8Array(chunk.bytes * (isFactor(chunk, pairs) ? n : 1));
      const format = floatFormat(chunk.dtype) as FloatFormat;
      if (pairs.some(({ a }) => a === chunk.name)) {
        for (const [k, bytes] of read.entries()) output.set(bytes, k * chunk.bytes);
        checkFinite(format, buffers, chunk, contributions);
      } else if (pairs.some(({ b }) => b === chunk.name)) {
        checkFinite(format, buffers, chunk, contributions);
        const { shape } = tensors.find(({ name }) => name === chunk.name) as OutputEntry;
        putSideBySide(chunk, format, shape[0] as number, buffers, shares, output);
      } else merge(chunk, buffers, output);
      write(output);
      doneBytes += output.length;
      options.onProgress?.({ doneBytes, totalBytes });
    }
  });
  const note = roleNote(
    tensors.map(({ name }) => name),
    statistics,
  );
  return {
    tensors: entries.length,
    bytes: totalBytes,
    notes: [
      ...notes,
      `LoRA: the products of ${pairs.length} ${pairs.length === 1 ? 'pair' : 'pairs'} are averaged, of ${n} times the rank; in adapter_config.json, multiply r and lora_alpha by ${n}`,
      ...(note === undefined ? [] : [note]),
    ],
  };
}

/** @throws MergeError unless there are factors whose scale is not stored in a tensor. */
function pairsOf(tensors: readonly OutputEntry[]): LoraPair[] {
  const names = tensors.map(({ name }) => name);
  const pairs = loraPairs(names);
  const hint = 'merge each adapter into its model first, then merge the models';
  const other = names.find((name) => /lora_magnitude_vector|\.alpha$|lora_down|lora\.down/.test(name));
  if (other !== undefined) {
    throw new MergeError(
      `merge: "${other}" is not part of a plain LoRA, expected only lora_A and lora_B as PEFT writes them`,
      {
        hint,
      },
    );
  }
  if (pairs.length === 0) throw new MergeError('merge: the files have no lora_A with its lora_B', { hint });
  const odd = tensors.find((entry) => isFactor(entry, pairs) && floatFormat(entry.dtype) === undefined);
  const flat = tensors.find((entry) => isFactor(entry, pairs) && entry.shape.length < 2);
  if (odd ?? flat)
    throw new MergeError(`merge: "${(odd ?? flat)?.name}" is not a matrix of floating-point numbers`);
  return pairs;
}

const isFactor = ({ name }: { readonly name: string }, pairs: readonly LoraPair[]) =>
  pairs.some(({ a, b }) => name === a || name === b);

/** The table of the result: n times as many rows of A, and columns of B. */
function stacked(tensors: readonly OutputEntry[], pairs: readonly LoraPair[], n: number): OutputEntry[] {
  let end = 0;
  return tensors.map((tensor) => {
    const axis = pairs.some(({ a }) => a === tensor.name) ? 0 : 1;
    const shape = isFactor(tensor, pairs)
      ? tensor.shape.map((extent, k) => (k === axis ? n * extent : extent))
      : tensor.shape;
    const begin = end;
    end += (tensor.end - tensor.begin) * (isFactor(tensor, pairs) ? n : 1);
    return { ...tensor, shape, begin, end };
  });
}

/** [p₁B₁ p₂B₂ …], row by row. */
function putSideBySide(
  { name, dtype, bytes }: Chunk,
  format: FloatFormat,
  rows: number,
  buffers: readonly ChunkBuffer[],
  shares: readonly number[],
  output: ChunkBuffer,
): void {
  const size = bytes / dtypeBytes[dtype];
  const run = size / rows;
  const out = format.room(output, 0, size * buffers.length);
  buffers.forEach((buffer, k) => {
    const values = format.values(buffer, 0, size);
    for (let row = 0; row < rows; row++) {
      const to = (row * buffers.length + k) * run;
      for (let i = 0; i < run; i++) out[to + i] = (shares[k] as number) * (values[row * run + i] as number);
    }
  });
  const bad = format.store(out, output, 0);
  if (bad >= 0) throw notStorable(name, bad, out[bad] as number, dtype);
}

function checkFinite(
  format: FloatFormat,
  buffers: readonly ChunkBuffer[],
  { name, dtype, bytes }: Chunk,
  contributions: readonly InputFile[],
): void {
  buffers.forEach((buffer, k) => {
    const values = format.values(buffer, 0, bytes / dtypeBytes[dtype]);
    const bad = firstNotFinite(values);
    if (bad >= 0) throw notFinite(name, bad, values[bad] as number, `"${contributions[k]?.file.path}"`);
  });
}
