/**
 * Aligns files of models with different initial weights, then merges them like other files. Weights
 * are matched in float32, in memory. The aligned copies hold the bytes of their files in another
 * order, whatever their dtype. They are kept beside the output until it is complete. All files are
 * aligned to the base, or without a base to the first file by content. So the result does not
 * depend, to the byte, on the order in which files are named. Node only.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { dtypeBytes } from '../../tensor/dtype.js';
import { type Order, type PermutationGroup, reorder, unitView } from '../../tensor/permutation-group.js';
import { decodeSafetensors } from '../../tensor/safetensors.js';
import { formatSafetensorsHeader, parseSafetensorsHeader } from '../../tensor/safetensors-header.js';
import type { StateDict } from '../../tensor/state-dict.js';
import { openWeights } from '../../tensor/weights/node/open-weights.js';
import { readChunk, type TensorSource } from '../../tensor/weights/node/tensor-source.js';
import type { StoredTensor } from '../../tensor/weights/stored-tensor.js';
import { weightMatching } from '../align/weight-matching.js';
import { floatFormat } from '../kernels/float-format.js';
import { checkFinite } from '../memory/checks.js';
import { type AgreedModels, agreedModels } from './agreed-models.js';
import { checkOutput, type MergedFile, type MergeFilesOptions, mergeFiles } from './merge-files.js';
import { explainWriteError } from './output-file.js';
import { outputEntries } from './output-plan.js';

interface Model {
  readonly source: TensorSource;
  readonly state: StateDict;
}

/**
 * @param groups the permutation groups of the network of these files
 * @throws MergeError as `mergeFiles` does, and when the groups belong to another network.
 */
export async function mergeAlignedFiles(
  groups: readonly PermutationGroup[],
  options: MergeFilesOptions,
): Promise<MergedFile> {
  const files = openWeights();
  try {
    const sources: TensorSource[] = [];
    const names = Object.keys(options.auxiliaries ?? {});
    const attached = names.flatMap((name) => options.auxiliaries?.[name] ?? []);
    const { inputs, base, output } = options;
    for (const path of [...inputs, ...(base === undefined ? [] : [base])])
      sources.push(await files.open(path));
    const auxiliaries: TensorSource[] = [];
    for (const path of attached) auxiliaries.push(await files.open(path));
    await checkOutput(output, [...sources, ...auxiliaries]);
    const isMerged = ({ dtype }: StoredTensor) => floatFormat(dtype) !== undefined;
    return await mergeAgreed(groups, options, sources.length, agreedModels(sources, auxiliaries, isMerged));
  } finally {
    await files.close();
  }
}

/** @param whole how many of the models are inputs or the base */
async function mergeAgreed(
  groups: readonly PermutationGroup[],
  options: MergeFilesOptions,
  whole: number,
  agreed: AgreedModels,
): Promise<MergedFile> {
  const { inputs, output, base, signal } = options;
  const models = agreed.models.slice(0, whole).map((source) => readModel(source, agreed));
  const reference = base === undefined ? firstByContent(models) : models.at(-1);
  const folder = await mkdtemp(join(dirname(resolve(output)), '.aligned-')).catch((error: unknown) => {
    throw explainWriteError(error, output, 0);
  });
  try {
    const aligned: string[] = [];
    const auxiliaries: Record<string, string[]> = {};
    for (const [index, { source, state }] of models.slice(0, inputs.length).entries()) {
      signal?.throwIfAborted();
      const orders = weightMatching(groups, (reference as Model).state, state, 0);
      const copyOf = async (model: TensorSource, name: string) => {
        const copy = join(folder, name);
        const bytes = permuteFile(groups, orders, safetensorsOf(model, agreed), model.path);
        await writeFile(copy, bytes).catch((error: unknown) => {
          throw explainWriteError(error, output, inputs.length * bytes.length);
        });
        return copy;
      };
      aligned.push(await copyOf(source, `${index}.safetensors`));
      for (const [place, name] of Object.keys(options.auxiliaries ?? {}).entries()) {
        const file = agreed.models[whole + place * inputs.length + index] as TensorSource;
        const copy = await copyOf(file, `${index}-${name}.safetensors`);
        auxiliaries[name] = [...(auxiliaries[name] ?? []), copy];
      }
    }
    const merged = await mergeFiles({ ...options, inputs: aligned, auxiliaries });
    // Notes must name the user's files, not their aligned copies.
    const named = (note: string) =>
      aligned.reduce((text, copy, index) => text.replaceAll(copy, inputs[index] as string), note);
    return { ...merged, notes: [...new Set([...agreed.notes, ...merged.notes.map(named)])] };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function readModel(source: TensorSource, agreed: AgreedModels): Model {
  const { path } = source;
  const bytes = safetensorsOf(source, agreed);
  const { state } = decodeSafetensors(bytes, path, ({ dtype }) => floatFormat(dtype) !== undefined);
  checkFinite(state, `"${path}"`);
  return { source, state };
}

/** The model as the bytes of a safetensors file. */
function safetensorsOf(source: TensorSource, { dtypes }: AgreedModels): Uint8Array {
  const entries = outputEntries([source], dtypes);
  const header = formatSafetensorsHeader(entries, source.metadata);
  const bytes = new Uint8Array(header.length + (entries.at(-1)?.end ?? 0));
  bytes.set(header);
  for (const { name, dtype, begin, end } of entries) {
    const piece = { name, dtype, at: 0, bytes: end - begin };
    // A buffer of its own: the tensor may not be aligned in the file.
    bytes.set(readChunk(source, piece, new Uint8Array(piece.bytes)), header.length + begin);
  }
  return bytes;
}

/** Of equal files any one will do: they have the same orders. */
function firstByContent(models: readonly Model[]): Model | undefined {
  const names = models[0]?.state.layout.map(({ name }) => name).sort() ?? [];
  return models
    .map((model) => ({ model, content: contentOf(model.state, names) }))
    .sort((a, b) => Buffer.compare(a.content, b.content))[0]?.model;
}

/** The bytes of all tensors, by name. */
function contentOf({ layout, data }: StateDict, names: readonly string[]): Buffer {
  const byName = new Map(layout.map((entry) => [entry.name, entry]));
  return Buffer.concat(
    names.map((name) => {
      const { offset = 0, size = 0 } = byName.get(name) ?? {};
      const { buffer, byteOffset, byteLength } = data.subarray(offset, offset + size);
      return Buffer.from(buffer, byteOffset, byteLength);
    }),
  );
}

/** Reorders the bytes of the file in memory. */
function permuteFile(
  groups: readonly PermutationGroup[],
  orders: readonly Order[],
  bytes: Uint8Array,
  path: string,
): Uint8Array {
  const { entries, dataStart } = parseSafetensorsHeader(bytes, path);
  groups.forEach(({ size, members }, index) => {
    for (const member of members) {
      const entry = entries.find(({ name }) => name === member.tensor);
      if (entry === undefined) continue;
      const view = unitView(entry.shape, member, size);
      const values = bytes.subarray(dataStart + entry.begin, dataStart + entry.end);
      const run = view.run * dtypeBytes[entry.dtype];
      // `slice` of a Buffer would not copy.
      values.set(reorder(new Uint8Array(values), { ...view, run }, orders[index] as Order));
    }
  });
  return bytes;
}
