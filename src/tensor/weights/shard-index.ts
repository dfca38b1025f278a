/**
 * The index of a model in several files, as Hugging Face's tools write it
 * (`model.safetensors.index.json`): which tensor lies in which file.
 */
import * as z from 'zod';
import { TensorError } from '../../base/error.js';
import { excerpt } from '../../base/excerpt.js';

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

/** The name of the file of each tensor, by the tensor's name. */
export type ShardIndex = ReadonlyMap<string, string>;

/**
 * @returns undefined when this is JSON, but not an index
 * @throws TensorError when the index names files elsewhere than beside it
 */
export function parseShardIndex(text: string, path: string): ShardIndex | undefined {
  const parsed = indexSchema.safeParse(jsonOf(text));
  if (!parsed.success) return undefined;
  const index = new Map(Object.entries(parsed.data.weight_map));
  if (index.size === 0)
    throw new TensorError(`${path}: the index names no tensors`, {
      hint: 'download it again',
    });
  for (const file of new Set(index.values())) {
    if (file !== '' && !/[/\\\0:]/.test(file) && !/^\.{1,2}$/.test(file)) continue;
    throw new TensorError(`${path}: the index names the file ${excerpt(file)}, expected one beside it`, {
      hint: 'do not use it unless you trust its source; download it again',
    });
  }
  return index;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** "model-00001-of-00003.safetensors" */
const NUMBERED = /^(.*)-(\d+)-of-(\d+)(\.[a-z]+)$/;

/**
 * The files of a model that are numbered, in order; undefined if there are others, or one is
 * missing.
 */
export function numberedShards(names: readonly string[]): readonly string[] | undefined {
  const parts = names.map((name) => NUMBERED.exec(name));
  const [first] = parts;
  if (first === null || first === undefined) return undefined;
  const isOne = parts.every(
    (part) => part?.[1] === first[1] && part?.[3] === first[3] && part?.[4] === first[4],
  );
  const numbers = new Set(parts.map((part) => Number(part?.[2])));
  const isWhole = names.length === Number(first[3]) && numbers.size === names.length;
  return isOne && isWhole ? [...names].sort() : undefined;
}
