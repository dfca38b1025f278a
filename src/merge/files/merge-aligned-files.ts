/**
 * Aligns files of models with different initial weights, then merges them like other files. Weights
 * are matched in float32, in memory. The aligned copies hold the bytes of their files in another
 * order, whatever their dtype. They are kept beside the output until it is complete. All files are
 * aligned to the base, or without a base to the first file by content. So the result does not
 * depend, to the byte, on the order in which files are named. Node only.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { dtypeBytes } from '../../tensor/dtype.js';
import { type Order, type PermutationGroup, reorder, unitView } from '../../tensor/permutation-group.js';
import { decodeSafetensors } from '../../tensor/safetensors.js';
import { parseSafetensorsHeader } from '../../tensor/safetensors-header.js';
import type { StateDict } from '../../tensor/state-dict.js';
import { weightMatching } from '../align/weight-matching.js';
import { floatFormat } from '../kernels/float-format.js';
import { checkFinite, checkSameTensors } from '../memory/checks.js';
import { checkOutput, type MergedFile, type MergeFilesOptions, mergeFiles } from './merge-files.js';
import { explainWriteError } from './output-file.js';
import { openTensorFile } from './tensor-file.js';
import type { TensorSource } from './tensor-source.js';

interface Model extends Pick<TensorSource, 'path' | 'identity'> {
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
  const { inputs, output, base, signal } = options;
  const models = await openModels([...inputs, ...(base === undefined ? [] : [base])]);
  await checkOutput(output, models);
  const reference = base === undefined ? firstByContent(models) : models.at(-1);
  const folder = await mkdtemp(join(dirname(resolve(output)), '.aligned-')).catch((error: unknown) => {
    throw explainWriteError(error, output, 0);
  });
  try {
    const aligned: string[] = [];
    const auxiliaries: Record<string, string[]> = {};
    for (const [index, { path, state }] of models.slice(0, inputs.length).entries()) {
      signal?.throwIfAborted();
      const orders = weightMatching(groups, (reference as Model).state, state, 0);
      const copyOf = async (file: string, name: string) => {
        const copy = join(folder, name);
        const bytes = permuteFile(groups, orders, await readFile(file), file);
        await writeFile(copy, bytes).catch((error: unknown) => {
          throw explainWriteError(error, output, inputs.length * bytes.length);
        });
        return copy;
      };
      aligned.push(await copyOf(path, `${index}.safetensors`));
      for (const [name, files] of Object.entries(options.auxiliaries ?? {})) {
        const file = files[index];
        if (file === undefined) continue;
        auxiliaries[name] = [
          ...(auxiliaries[name] ?? []),
          await copyOf(file, `${index}-${name}.safetensors`),
        ];
      }
    }
    const merged = await mergeFiles({ ...options, inputs: aligned, auxiliaries });
    // Notes must name the user's files, not their aligned copies.
    const named = (note: string) =>
      aligned.reduce((text, copy, index) => text.replaceAll(copy, inputs[index] as string), note);
    return { ...merged, notes: merged.notes.map(named) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Opens and checks the files, so that errors name them and not their aligned copies. */
async function openModels(paths: readonly string[]): Promise<Model[]> {
  const models: Model[] = [];
  let expected: Parameters<typeof checkSameTensors>[1] | undefined;
  for (const path of paths) {
    const { handle, header, identity } = await openTensorFile(path);
    const bytes = await handle.readFile().finally(() => handle.close());
    checkSameTensors(header.entries, expected ?? header.entries, `"${path}"`);
    expected ??= header.entries;
    const { state } = decodeSafetensors(bytes, path, ({ dtype }) => floatFormat(dtype) !== undefined);
    checkFinite(state, `"${path}"`);
    models.push({ path, identity, state });
  }
  return models;
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
