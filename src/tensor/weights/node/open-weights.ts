/**
 * Opens models: a file of weights, an index with its files beside it, or a folder that has either.
 * Node only.
 */
import { type FileHandle, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TensorError } from '../../../base/error.js';
import { listed } from '../../../base/excerpt.js';
import type { SafetensorsMetadata } from '../../safetensors-header.js';
import { numberedShards, type ShardIndex } from '../shard-index.js';
import type { StoredTensor } from '../stored-tensor.js';
import type { FileContent } from './file-content.js';
import { sharedHeaders } from './safetensors-file.js';
import { type SourceFile, type TensorSource, unreadable } from './tensor-source.js';
import { openWeightsFile, WEIGHTS } from './weights-file.js';

/** Files that stay open. Many systems let a process open 1,024. */
export const MOST_OPEN = 256;

/** Models that are read together. */
export interface OpenWeights {
  /**
   * @throws UnreadableError when a file cannot be read; TensorError when it holds no weights, and
   * is called by its name, or is damaged.
   */
  open(path: string): Promise<TensorSource>;
  close(): Promise<void>;
}

/** Opens any number of models. The first files stay open; others are opened for each reading. */
export function openWeights(): OpenWeights {
  const handles: FileHandle[] = [];
  const parse = sharedHeaders();

  async function openFile(path: string) {
    const { handle, file, content } = await openWeightsFile(path, parse);
    if (handles.length < MOST_OPEN) {
      handles.push(handle);
      return { file, content };
    }
    await handle.close();
    return { file: { ...file, fd: undefined }, content };
  }

  async function openShards(path: string, names: readonly string[], folder: string) {
    const shards: OpenedFile[] = [];
    for (const name of names) {
      const { file, content } = await openFile(join(folder, name));
      if ('index' in content) {
        throw new TensorError(`${join(folder, name)}: this is an index, expected ${WEIGHTS}`, again);
      }
      shards.push({ file, content });
    }
    return sourceOf(path, shards);
  }

  return {
    async open(path) {
      const found = await weightsAt(path);
      if (found.shards !== undefined) return openShards(path, found.shards, path);
      const { file, content } = await openFile(found.file);
      if (!('index' in content)) return sourceOf(path, [{ file, content }]);
      const names = [...new Set(content.index.values())];
      const source = await openShards(path, names, dirname(found.file));
      checkIndex(source, content.index, names, found.file);
      return source;
    },
    close: async () => void (await Promise.all(handles.map((handle) => handle.close()))),
  };
}

interface OpenedFile {
  readonly file: SourceFile;
  readonly content: FileContent;
}

function sourceOf(path: string, opened: readonly OpenedFile[]): TensorSource {
  const [first] = opened as [OpenedFile];
  const { format, metadata } = first.content;
  const notes = opened.flatMap(({ content }) => content.notes);
  if (opened.length === 1 && first.content.tensors instanceof Map) {
    return { path, format, metadata, notes, files: [first.file], tensors: first.content.tensors };
  }
  const files: SourceFile[] = [];
  const tensors = new Map<string, StoredTensor>();
  for (const { file, content } of opened) {
    for (const tensor of content.tensors.values()) {
      if (tensors.has(tensor.name)) {
        throw new TensorError(`${path}: "${tensor.name}" is in two of its files, expected it in one`, again);
      }
      tensors.set(tensor.name, { ...tensor, file: files.length + tensor.file });
    }
    files.push(file);
    if (content.held !== undefined) files.push({ ...file, fd: undefined, held: content.held });
  }
  return { path, format, metadata: common(opened), notes, files, tensors };
}

/** The metadata that all files share. */
function common(opened: readonly OpenedFile[]): SafetensorsMetadata {
  const [first, ...others] = opened.map(({ content }) => content.metadata);
  const pairs = Object.entries(first ?? {}).filter(([key, value]) =>
    others.every((metadata) => metadata[key] === value),
  );
  return Object.fromEntries(pairs);
}

function checkIndex(
  { tensors, files }: TensorSource,
  index: ShardIndex,
  names: readonly string[],
  path: string,
) {
  const fileOf = (tensor: StoredTensor) => (files[tensor.file] as SourceFile).path;
  for (const [name, file] of index) {
    const tensor = tensors.get(name);
    if (tensor !== undefined && fileOf(tensor) === join(dirname(path), file)) continue;
    throw new TensorError(`${path}: the index says that "${name}" is in "${file}", which lacks it`, again);
  }
  const extra = [...tensors.keys()].find((name) => !index.has(name));
  if (extra === undefined) return;
  throw new TensorError(`${path}: "${extra}" is in ${listed(names)}, but the index does not name it`, again);
}

const again = { hint: 'download the index and all its files again, from one version of the model' };

/** The usual names of a model in a folder, the first first. */
const usualNames = [
  ...['model.safetensors.index.json', 'model.safetensors'],
  ...['pytorch_model.bin.index.json', 'pytorch_model.bin'],
  ...['adapter_model.safetensors', 'adapter_model.bin'],
];
const ENDINGS = ['.safetensors', '.bin', '.pt', '.pth', '.npz'];

type FoundWeights =
  | { readonly file: string; readonly shards?: undefined }
  | { readonly shards: readonly string[] };

/** Where the weights are. In a folder: the first of the usual names, or the only file. */
async function weightsAt(path: string): Promise<FoundWeights> {
  const found = await stat(path).catch((cause) => {
    throw unreadable(path, cause);
  });
  if (!found.isDirectory()) return { file: path };
  const names = await readdir(path).catch((cause) => {
    throw unreadable(path, cause);
  });
  const usual = usualNames.find((name) => names.includes(name));
  if (usual !== undefined) return { file: join(path, usual) };
  const index = names.filter((name) => name.endsWith('.index.json'));
  if (index.length === 1) return { file: join(path, index[0] as string) };
  for (const ending of ENDINGS) {
    const files = names.filter((name) => name.endsWith(ending));
    if (files.length === 1) return { file: join(path, files[0] as string) };
    const shards = numberedShards(files);
    if (shards !== undefined) return { shards };
    if (files.length === 0) continue;
    throw new TensorError(`"${path}" is a folder with several files of weights: ${listed(files.sort())}`, {
      hint: 'name one of them',
    });
  }
  const isSavedModel = names.includes('saved_model.pb');
  throw new TensorError(
    `"${path}" is a ${isSavedModel ? 'SavedModel of TensorFlow' : 'folder without weights'}, expected ${ENDINGS.join(', ')}`,
    {
      hint: isSavedModel
        ? 'write its arrays in Python by numpy.savez'
        : `it has ${listed(names.sort(), 5) || 'nothing'}; name the file of the weights`,
    },
  );
}
