/**
 * A model as a file: the weights as safetensors, and in its metadata what a reader needs to use them: which network they
 * belong to, and what its inputs and targets are.
 */
import { z } from 'zod';
import { CommonweightError } from '../../base/error.js';
import { columnsFactsSchema } from '../../data/column-schema.js';
import { decodeSafetensors, encodeSafetensors } from '../../tensor/safetensors.js';
import type { SafetensorsMetadata } from '../../tensor/safetensors-header.js';
import type { StateDict } from '../../tensor/state-dict.js';
import { modelSchema } from './settings.js';

export class ModelFileError extends CommonweightError {
  override readonly name = 'ModelFileError';
}

const descriptionSchema = z.object({
  network: modelSchema,
  /** What it is given, and what it has learned to say. */
  inputs: columnsFactsSchema,
  targets: columnsFactsSchema,
  /** Of the bytes of pictures, where it is given any. */
  normalization: z.object({ mean: z.array(z.number()), deviation: z.array(z.number()) }).optional(),
  /** What it was trained on. */
  dataset: z.string(),
});

export type ModelDescription = z.output<typeof descriptionSchema>;

export interface ModelFile {
  readonly state: StateDict;
  /** Undefined where the file does not say: another program has written it. */
  readonly description: ModelDescription | undefined;
}

/** The same model gives the same bytes. */
export function encodeModel(state: StateDict, description: ModelDescription): Uint8Array<ArrayBuffer> {
  return encodeSafetensors(state, modelMetadata(description));
}

/** What the file of a model says beside its weights. */
export function modelMetadata(description: ModelDescription): SafetensorsMetadata {
  // Metadata values are texts. "format" is what other readers of safetensors look for: the names and layouts are PyTorch's.
  const texts = Object.entries(description).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, JSON.stringify(value)]],
  );
  return { ...Object.fromEntries(texts), format: 'pt' };
}

/**
 * @param fileName what errors call the file
 * @throws TensorError when it is no safetensors file of floating-point numbers.
 * @throws ModelFileError when it describes its network, but wrongly.
 */
export function decodeModel(bytes: Uint8Array, fileName: string): ModelFile {
  const { state, metadata } = decodeSafetensors(bytes, fileName);
  if (metadata.network === undefined) return { state, description: undefined };
  const fields = Object.keys(descriptionSchema.shape);
  const values = Object.fromEntries(fields.map((field) => [field, parsed(metadata[field])]));
  const result = descriptionSchema.safeParse(values);
  if (result.success) return { state, description: result.data };
  const issue = result.error.issues[0];
  const field = issue?.path.join('.') ?? 'network';
  throw new ModelFileError(`${fileName}: its metadata "${field}" cannot be read: ${issue?.message}`, {
    hint: 'name the network yourself, with --network',
  });
}

/** @throws ModelFileError that names the first tensor with a NaN or an infinity: nothing could be computed from it. */
export function requireFinite({ layout, data }: StateDict, fileName: string): void {
  const place = data.findIndex((value) => !Number.isFinite(value));
  if (place === -1) return;
  const entry = layout.find(({ offset, size }) => place < offset + size);
  throw new ModelFileError(`${fileName}: "${entry?.name}" holds ${data[place]}, expected finite numbers`, {
    hint: 'take another model, or train it again with a smaller learning rate',
  });
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
}
